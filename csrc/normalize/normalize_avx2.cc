// AVX2 with FMA and F16C: eight pixels at a time; the arithmetic is that of normalize_avx512.cc.
#include <immintrin.h>

#include "normalize/normalize.h"

namespace regcore {
namespace {

constexpr int kPixels = 8;

struct Divisor {
  __m256 high, low;

  explicit Divisor(float divisor)
      : high(_mm256_set1_ps(Reciprocal(divisor).high)),
        low(_mm256_set1_ps(Reciprocal(divisor).low)) {}

  __m256 Divide(__m256 x) const { return _mm256_fmadd_ps(x, high, _mm256_mul_ps(x, low)); }
};

struct Formula {
  Divisor full{255.0f};
  Divisor std;
  __m256 mean;

  Formula(const NormalizeTable& table, int channel)
      : std(table.std[channel]), mean(_mm256_set1_ps(table.mean[channel])) {}

  __m256 operator()(__m256i bytes) const {
    return std.Divide(_mm256_sub_ps(full.Divide(_mm256_cvtepi32_ps(bytes)), mean));
  }
};

// Lane i is colour `channel` of pixel i of eight; pixels 4 to 7 lie in the upper half.
inline __m256i Channel(__m256i rgb, int channel) {
  const __m256i first = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1));
  const __m256i step = _mm256_set1_epi32(channel);  // -1 bytes stay: only the low byte moves
  return _mm256_shuffle_epi8(rgb, _mm256_add_epi8(first, step));
}

inline __m256i Load(const uint8_t* rgb) {
  const auto* low = reinterpret_cast<const __m128i*>(rgb);
  const auto* high = reinterpret_cast<const __m128i*>(rgb + 12);
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(low)),
                                 _mm_loadu_si128(high), 1);
}

// The low bytes of eight lanes, side by side.
inline __m128i Bytes(__m256i lanes) {
  const __m128i words =
      _mm_packus_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
  return _mm_packus_epi16(words, words);
}

// Calls store(x, channel, lanes) for every eight pixels; the last step overlaps the one before, so
// that nothing is written past the row. Narrower rows than one step are left to the caller.
template <typename Store>
void ForEachStep(const uint8_t* rgb, int width, const Store& store) {
  for (int x = 0;; x += kPixels) {
    if (x + kPixels > width) {
      if (x >= width) return;
      x = width - kPixels;
    }
    const __m256i pixels = Load(rgb + 3 * x);
    for (int c = 0; c < 3; ++c) store(x, c, Channel(pixels, c));
  }
}

void PlanarSingle(const uint8_t* rgb, int width, const NormalizeTable& table, float* const out[3]) {
  if (width < kPixels) return kNormalizePortable.planar_single(rgb, width, table, out);
  const Formula formula[3] = {{table, 0}, {table, 1}, {table, 2}};
  ForEachStep(rgb, width, [&](int x, int c, __m256i bytes) {
    _mm256_storeu_ps(out[c] + x, formula[c](bytes));
  });
}

void PlanarHalf(const uint8_t* rgb, int width, const NormalizeTable& table,
                uint16_t* const out[3]) {
  if (width < kPixels) return kNormalizePortable.planar_half(rgb, width, table, out);
  const Formula formula[3] = {{table, 0}, {table, 1}, {table, 2}};
  ForEachStep(rgb, width, [&](int x, int c, __m256i bytes) {
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(out[c] + x),
        _mm256_cvtps_ph(formula[c](bytes), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  });
}

void PlanarBytes(const uint8_t* rgb, int width, uint8_t* const out[3]) {
  if (width < kPixels) return kNormalizePortable.planar_bytes(rgb, width, out);
  ForEachStep(rgb, width, [&](int x, int c, __m256i lanes) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out[c] + x), Bytes(lanes));
  });
}

}  // namespace

const NormalizeKernel kNormalizeAvx2 = {PlanarSingle, PlanarHalf, PlanarBytes};

}  // namespace regcore
