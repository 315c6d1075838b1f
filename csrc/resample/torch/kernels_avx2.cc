// AVX2 and FMA: eight rows or columns at a time.
#include "resample/torch/float_rows-inl.h"
#include "resample/torch/kernels.h"

namespace regcore {
namespace {

struct Avx2 {
  using Vector = __m256;
  static constexpr int kLanes = 8;

  static Vector Load(const float* p) { return _mm256_load_ps(p); }
  static void Store(float* p, Vector x) { _mm256_store_ps(p, x); }
  static Vector Broadcast(float x) { return _mm256_set1_ps(x); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }

  // Sixteen bytes of each row, from `byte` on, into one vector of rows for each.
  static void TransposeToFloats(const uint8_t* const row[kLanes], ptrdiff_t byte, float* out) {
    __m128i x[kLanes];
    for (int r = 0; r < kLanes; ++r) {
      x[r] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row[r] + byte));
    }
    for (int stage = 0; stage < 3; ++stage) {
      __m128i y[kLanes];
      for (int r = 0; r < kLanes / 2; ++r) {
        y[2 * r] = _mm_unpacklo_epi8(x[r], x[r + kLanes / 2]);
        y[2 * r + 1] = _mm_unpackhi_epi8(x[r], x[r + kLanes / 2]);
      }
      for (int r = 0; r < kLanes; ++r) x[r] = y[r];
    }
    for (int r = 0; r < kLanes; ++r, out += 2 * kLanes) {
      Store(out, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(x[r])));
      Store(out + kLanes, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(x[r], 8))));
    }
  }

  static void Transpose(Vector x[kLanes]) {
    Vector pairs[kLanes];
    for (int r = 0; r < kLanes; r += 2) {
      pairs[r] = _mm256_unpacklo_ps(x[r], x[r + 1]);
      pairs[r + 1] = _mm256_unpackhi_ps(x[r], x[r + 1]);
    }
    Vector fours[kLanes];  // each with the same half of row r % 4 and of row r % 4 + 4
    for (int r = 0; r < kLanes; r += 4) {
      for (int i = 0; i < 2; ++i) {
        fours[r + 2 * i] = _mm256_shuffle_ps(pairs[r + i], pairs[r + i + 2], 0x44);
        fours[r + 2 * i + 1] = _mm256_shuffle_ps(pairs[r + i], pairs[r + i + 2], 0xEE);
      }
    }
    for (int r = 0; r < kLanes / 2; ++r) {
      x[r] = _mm256_permute2f128_ps(fours[r], fours[r + 4], 0x20);
      x[r + 4] = _mm256_permute2f128_ps(fours[r], fours[r + 4], 0x31);
    }
  }

  // Four vectors of sums, rounded half to even and clipped to 0..255.
  static void StoreBytes(uint8_t* out, const Vector sum[4]) {
    const __m256i quarters = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const auto rounded = [&](int v) { return _mm256_cvtps_epi32(sum[v]); };
    const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(rounded(0), rounded(1)),
                                              _mm256_packs_epi32(rounded(2), rounded(3)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                        _mm256_permutevar8x32_epi32(bytes, quarters));
  }
};

}  // namespace

const ResampleKernel kTorchFloatAvx2 = FloatRowsKernel<Avx2>::Make();

}  // namespace regcore
