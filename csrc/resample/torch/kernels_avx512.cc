// AVX-512 F, BW, VL and DQ: sixteen rows or columns at a time.
#include "resample/torch/float_rows-inl.h"
#include "resample/torch/kernels.h"

namespace regcore {
namespace {

struct Avx512 {
  using Vector = __m512;
  static constexpr int kLanes = 16;

  static Vector Load(const float* p) { return _mm512_load_ps(p); }
  static void Store(float* p, Vector x) { _mm512_store_ps(p, x); }
  static Vector Broadcast(float x) { return _mm512_set1_ps(x); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }

  // Sixteen bytes of each row, from `byte` on, into one vector of rows for each.
  static void TransposeToFloats(const uint8_t* const row[kLanes], ptrdiff_t byte, float* out) {
    __m128i x[kLanes];
    for (int r = 0; r < kLanes; ++r) {
      x[r] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row[r] + byte));
    }
    for (int stage = 0; stage < 4; ++stage) {
      __m128i y[kLanes];
      for (int r = 0; r < kLanes / 2; ++r) {
        y[2 * r] = _mm_unpacklo_epi8(x[r], x[r + kLanes / 2]);
        y[2 * r + 1] = _mm_unpackhi_epi8(x[r], x[r + kLanes / 2]);
      }
      for (int r = 0; r < kLanes; ++r) x[r] = y[r];
    }
    for (int r = 0; r < kLanes; ++r, out += kLanes) {
      Store(out, _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(x[r])));
    }
  }

  static void Transpose(Vector x[kLanes]) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
    for (int stage = 0; stage < 4; ++stage) {
      Vector y[kLanes];
      for (int r = 0; r < kLanes / 2; ++r) {
        y[2 * r] = _mm512_permutex2var_ps(x[r], low, x[r + kLanes / 2]);
        y[2 * r + 1] = _mm512_permutex2var_ps(x[r], high, x[r + kLanes / 2]);
      }
      for (int r = 0; r < kLanes; ++r) x[r] = y[r];
    }
  }

  // Four vectors of sums, rounded half to even and clipped to 0..255.
  static void StoreBytes(uint8_t* out, const Vector sum[4]) {
    const __m512i quarters =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const auto rounded = [&](int v) { return _mm512_cvtps_epi32(sum[v]); };
    const __m512i bytes = _mm512_packus_epi16(_mm512_packs_epi32(rounded(0), rounded(1)),
                                              _mm512_packs_epi32(rounded(2), rounded(3)));
    _mm512_storeu_si512(out, _mm512_permutexvar_epi32(quarters, bytes));
  }
};

}  // namespace

const ResampleKernel kTorchFloatAvx512 = FloatRowsKernel<Avx512>::Make();

}  // namespace regcore
