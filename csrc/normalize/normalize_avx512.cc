// AVX-512 with VBMI: sixteen pixels at a time, one byte permute per channel, and the reference
// formula with each division as two products (see Reciprocal).
#include <immintrin.h>

#include "normalize/normalize.h"

namespace regcore {
namespace {

constexpr int kPixels = 16;

struct Divisor {
  __m512 high, low;

  explicit Divisor(float divisor)
      : high(_mm512_set1_ps(Reciprocal(divisor).high)),
        low(_mm512_set1_ps(Reciprocal(divisor).low)) {}

  __m512 Divide(__m512 x) const { return _mm512_fmadd_ps(x, high, _mm512_mul_ps(x, low)); }
};

struct Formula {
  Divisor full{255.0f};
  Divisor std;
  __m512 mean;

  Formula(const NormalizeTable& table, int channel)
      : std(table.std[channel]), mean(_mm512_set1_ps(table.mean[channel])) {}

  __m512 operator()(__m512i bytes) const {
    return std.Divide(_mm512_sub_ps(full.Divide(_mm512_cvtepi32_ps(bytes)), mean));
  }
};

// Byte 4i of the result is colour `channel` of pixel i, the other bytes are zero.
inline __m512i Channel(__m512i rgb, int channel) {
  const __m512i pixel =
      _mm512_setr_epi32(0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45);
  constexpr __mmask64 kLowBytes = 0x1111111111111111ull;
  const __m512i index = _mm512_add_epi32(pixel, _mm512_set1_epi32(channel));
  return _mm512_maskz_permutexvar_epi8(kLowBytes, index, rgb);
}

inline __mmask16 Lanes(int count) {
  return static_cast<__mmask16>(count >= kPixels ? 0xFFFF : (1 << count) - 1);
}

void PlanarSingle(const uint8_t* rgb, int width, const NormalizeTable& table, float* const out[3]) {
  const Formula formula[3] = {{table, 0}, {table, 1}, {table, 2}};
  for (int x = 0; x < width; x += kPixels) {
    const __m512i pixels = _mm512_loadu_si512(rgb + 3 * x);
    const __mmask16 lanes = Lanes(width - x);
    for (int c = 0; c < 3; ++c) {
      _mm512_mask_storeu_ps(out[c] + x, lanes, formula[c](Channel(pixels, c)));
    }
  }
}

void PlanarHalf(const uint8_t* rgb, int width, const NormalizeTable& table,
                uint16_t* const out[3]) {
  const Formula formula[3] = {{table, 0}, {table, 1}, {table, 2}};
  for (int x = 0; x < width; x += kPixels) {
    const __m512i pixels = _mm512_loadu_si512(rgb + 3 * x);
    const __mmask16 lanes = Lanes(width - x);
    for (int c = 0; c < 3; ++c) {
      const __m256i half = _mm512_cvtps_ph(formula[c](Channel(pixels, c)),
                                           _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
      _mm256_mask_storeu_epi16(out[c] + x, lanes, half);
    }
  }
}

void PlanarBytes(const uint8_t* rgb, int width, uint8_t* const out[3]) {
  for (int x = 0; x < width; x += kPixels) {
    const __m512i pixels = _mm512_loadu_si512(rgb + 3 * x);
    const __mmask16 lanes = Lanes(width - x);
    for (int c = 0; c < 3; ++c) {
      _mm_mask_storeu_epi8(out[c] + x, lanes, _mm512_cvtepi32_epi8(Channel(pixels, c)));
    }
  }
}

}  // namespace

const NormalizeKernel kNormalizeAvx512 = {PlanarSingle, PlanarHalf, PlanarBytes};

}  // namespace regcore
