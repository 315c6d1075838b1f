// AVX-512: sixteen pixels at a time, by the arithmetic of NormalizeTable.
#include <immintrin.h>

#include <cstddef>
#include <cstring>

#include "normalize/float_rows-inl.h"
#include "normalize/kernels.h"

namespace regcore {
namespace {

constexpr int kLanes = 16;   // values of a vector
constexpr int kPixels = 16;  // pixels of a step, which is three vectors in either layout

// The constants of one of a step's three vectors: a channel, or a third of the values.
struct Formula {
  __m512 mean, high, low;

  static Formula Planar(const NormalizeTable& table, int channel) {
    return {_mm512_set1_ps(kBeyond * table.mean[channel]),
            _mm512_set1_ps(table.high[channel] / kBeyond),
            _mm512_set1_ps(table.low[channel] / kBeyond)};
  }

  static Formula Interleaved(const NormalizeTable& table, int third) {
    const int first = third * kLanes;
    const __m512 beyond = _mm512_set1_ps(kBeyond);
    return {_mm512_mul_ps(_mm512_loadu_ps(table.mean + first), beyond),
            _mm512_div_ps(_mm512_loadu_ps(table.high + first), beyond),
            _mm512_div_ps(_mm512_loadu_ps(table.low + first), beyond)};
  }

  // The lanes hold a byte u four times: the first 32 bits of u / 255, of which the conversion
  // keeps 24 rounded up.
  __m512 operator()(__m512i lanes) const {
    const __m512 quotient =
        _mm512_cvt_roundepu32_ps(lanes, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
    const __m512 x = _mm512_sub_ps(quotient, mean);
    return _mm512_fmadd_ps(x, high, _mm512_mul_ps(x, low));
  }

 private:
  static constexpr float kBeyond = 0x1p8f;  // 32 bits, where NormalizeTable has 24
};

// Sixteen pixels, four to a quarter.
inline __m512i Pixels(const uint8_t* rgb) {
  const __m512i quarters = _mm512_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12);
  return _mm512_permutexvar_epi32(quarters, _mm512_loadu_si512(rgb));
}

// Lane i is four times colour `channel` of pixel i.
inline __m512i Channel(__m512i pixels, int channel) {
  const __m512i first =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 0, 0, 3, 3, 3, 3, 6, 6, 6, 6, 9, 9, 9, 9));
  const char offset = static_cast<char>(channel);
  return _mm512_shuffle_epi8(pixels, _mm512_add_epi8(first, _mm512_set1_epi8(offset)));
}

// Lane i is four times value i of sixteen.
inline __m512i Values(const uint8_t* rgb) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i spread = _mm512_mullo_epi32(lane, _mm512_set1_epi32(0x01010101));
  const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rgb));
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(values), spread);
}

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
    const __m512i pixels = Pixels(rgb + 3 * x);
    for (int c = 0; c < 3; ++c) Store(out[c] + x, width - x, formula[c](Channel(pixels, c)));
  }
}

template <typename T>
void Interleaved(const uint8_t* rgb, int width, const NormalizeTable& table, T* out) {
  const Formula formula[3] = {Formula::Interleaved(table, 0), Formula::Interleaved(table, 1),
                              Formula::Interleaved(table, 2)};
  const int values = 3 * width;
  for (int i = 0; i < values; i += 3 * kLanes) {
    for (int third = 0; third < 3; ++third) {
      const int place = i + third * kLanes;
      Store(out + place, values - place, formula[third](Values(rgb + place)));
    }
  }
}

void PlanarBytes(const uint8_t* rgb, int width, const NormalizeTable&, uint8_t* const out[3]) {
  for (int x = 0; x < width; x += kPixels) {
    const __m512i pixels = Pixels(rgb + 3 * x);
    for (int c = 0; c < 3; ++c) {
      const __m128i bytes = _mm512_cvtepi32_epi8(Channel(pixels, c));
      _mm_mask_storeu_epi8(out[c] + x, Lanes(width - x), bytes);
    }
  }
}

void InterleavedBytes(const uint8_t* rgb, int width, const NormalizeTable&, uint8_t* out) {
  std::memcpy(out, rgb, 3 * static_cast<size_t>(width));
}

struct Avx512 {};

}  // namespace

const NormalizeKernel kNormalizeAvx512 = {Planar<float>,         Planar<uint16_t>,
                                          PlanarBytes,           Interleaved<float>,
                                          Interleaved<uint16_t>, InterleavedBytes};

const FloatRowKernel kFloatRowsAvx512 = FloatRows<Avx512>::Make();

}  // namespace regcore
