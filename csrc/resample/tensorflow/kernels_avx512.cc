// AVX-512: four outputs at a time.
#include <immintrin.h>

#include "resample/tensorflow/area-inl.h"
#include "resample/tensorflow/linear-inl.h"
#include "resample/tensorflow/sums-inl.h"

namespace regcore {
namespace {

struct Avx512 {
  using Floats = __m512;
  using Pixels = __m512i;
  static constexpr int kOutputs = 4;

  static Floats Broadcast(float x) { return _mm512_set1_ps(x); }
  static Floats Add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static Floats Subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
  static Floats Multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats Load(const float* p) { return _mm512_load_ps(p); }
  static void Store(float* p, Floats x) { _mm512_store_ps(p, x); }

  static Floats FromBytes(const uint8_t* p) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
  }

  // Sixteen bytes from each of the offsets on.
  static Pixels LoadPixels(const uint8_t* row, const int32_t* offsets) {
    const auto load = [&](int i) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + offsets[i]));
    };
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(load(0)), load(1), 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(load(2)), load(3), 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
  // Four of these bytes of each output; -1 is a zero.
  static Floats Pick(Pixels pixels, __m128i bytes) {
    return _mm512_cvtepi32_ps(_mm512_shuffle_epi8(pixels, _mm512_broadcast_i32x4(bytes)));
  }

  // Three values of each output.
  static void StorePixels(float* p, Floats x) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    _mm512_mask_storeu_ps(p, 0x0FFF, _mm512_permutexvar_ps(lanes, x));
  }
};

}  // namespace

const TensorflowKernels kTensorflowAvx512 = {
    LinearKernel<Avx512>::Make(), SumsKernel<Avx512>::Make(), AreaKernel<Avx512>::Make()};

}  // namespace regcore
