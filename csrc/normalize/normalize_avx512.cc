// AVX-512 with VBMI: sixteen pixels at a time, one byte permute per sixteen values, and the
// arithmetic of NormalizeTable.
#include <immintrin.h>

#include "normalize/normalize.h"

namespace regcore {
namespace {

constexpr int kLanes = 16;   // values of a vector
constexpr int kPixels = 16;  // pixels of a step, which is three vectors in either layout

// The bytes and constants of one of a step's three vectors: a channel, or a third of the values.
struct Formula {
  __m512i index;
  __m512 mean, high, low;

  static Formula Planar(const NormalizeTable& table, int channel) {
    return {Bytes(3, channel), _mm512_set1_ps(kBeyond * table.mean[channel]),
            _mm512_set1_ps(table.high[channel] / kBeyond),
            _mm512_set1_ps(table.low[channel] / kBeyond)};
  }

  static Formula Interleaved(const NormalizeTable& table, int third) {
    const int first = third * kLanes;
    const __m512 beyond = _mm512_set1_ps(kBeyond);
    return {Bytes(1, first), _mm512_mul_ps(_mm512_loadu_ps(table.mean + first), beyond),
            _mm512_div_ps(_mm512_loadu_ps(table.high + first), beyond),
            _mm512_div_ps(_mm512_loadu_ps(table.low + first), beyond)};
  }

  // Four bytes u are the first 32 bits of u / 255, of which the conversion keeps 24 rounded up.
  __m512 operator()(__m512i pixels) const {
    const __m512i bytes = _mm512_permutexvar_epi8(index, pixels);
    const __m512 quotient =
        _mm512_cvt_roundepu32_ps(bytes, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
    const __m512 x = _mm512_sub_ps(quotient, mean);
    return _mm512_fmadd_ps(x, high, _mm512_mul_ps(x, low));
  }

 private:
  static constexpr float kBeyond = 0x1p8f;  // 32 bits, where NormalizeTable has 24

  // In each lane four times the same byte: `stride` * lane + `first`.
  static __m512i Bytes(int stride, int first) {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i place = _mm512_add_epi32(_mm512_mullo_epi32(lane, _mm512_set1_epi32(stride)),
                                           _mm512_set1_epi32(first));
    return _mm512_mullo_epi32(place, _mm512_set1_epi32(0x01010101));
  }
};

inline __mmask16 Lanes(int count) {
  return static_cast<__mmask16>(count >= kLanes ? 0xFFFF : (1 << (count < 0 ? 0 : count)) - 1);
}

// `count` values, of which no more than a vector's are stored.
inline void Store(float* out, int count, __m512 values) {
  if (count >= kLanes) return _mm512_storeu_ps(out, values);
  _mm512_mask_storeu_ps(out, Lanes(count), values);
}

inline void Store(uint16_t* out, int count, __m512 values) {
  const __m256i half = _mm512_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  if (count >= kLanes) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), half);
  _mm256_mask_storeu_epi16(out, Lanes(count), half);
}

template <typename T>
void Planar(const uint8_t* rgb, int width, const NormalizeTable& table, T* const out[3]) {
  const Formula formula[3] = {Formula::Planar(table, 0), Formula::Planar(table, 1),
                              Formula::Planar(table, 2)};
  for (int x = 0; x < width; x += kPixels) {
    const __m512i pixels = _mm512_loadu_si512(rgb + 3 * x);
    for (int c = 0; c < 3; ++c) Store(out[c] + x, width - x, formula[c](pixels));
  }
}

template <typename T>
void Interleaved(const uint8_t* rgb, int width, const NormalizeTable& table, T* out) {
  const Formula formula[3] = {Formula::Interleaved(table, 0), Formula::Interleaved(table, 1),
                              Formula::Interleaved(table, 2)};
  const int values = 3 * width;
  for (int i = 0; i < values; i += 3 * kLanes) {
    const __m512i pixels = _mm512_loadu_si512(rgb + i);
    for (int third = 0; third < 3; ++third) {
      const int place = i + third * kLanes;
      Store(out + place, values - place, formula[third](pixels));
    }
  }
}

void PlanarBytes(const uint8_t* rgb, int width, uint8_t* const out[3]) {
  const __m512i pixel =
      _mm512_setr_epi32(0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45);
  for (int x = 0; x < width; x += kPixels) {
    const __m512i pixels = _mm512_loadu_si512(rgb + 3 * x);
    for (int c = 0; c < 3; ++c) {
      const __m512i index = _mm512_add_epi32(pixel, _mm512_set1_epi32(c));
      const __m128i bytes = _mm512_cvtepi32_epi8(_mm512_permutexvar_epi8(index, pixels));
      _mm_mask_storeu_epi8(out[c] + x, Lanes(width - x), bytes);
    }
  }
}

}  // namespace

const NormalizeKernel kNormalizeAvx512 = {Planar<float>, Planar<uint16_t>, PlanarBytes,
                                          Interleaved<float>, Interleaved<uint16_t>};

}  // namespace regcore
