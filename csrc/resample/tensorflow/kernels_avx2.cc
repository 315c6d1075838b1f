// AVX2: two outputs at a time.
#include <immintrin.h>

#include "resample/tensorflow/area-inl.h"
#include "resample/tensorflow/linear-inl.h"
#include "resample/tensorflow/sums-inl.h"

namespace regcore {
namespace {

struct Avx2 {
  using Floats = __m256;
  using Pixels = __m256i;
  static constexpr int kOutputs = 2;

  static Floats Broadcast(float x) { return _mm256_set1_ps(x); }
  static Floats Add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  static Floats Subtract(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
  static Floats Multiply(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats Load(const float* p) { return _mm256_load_ps(p); }
  static void Store(float* p, Floats x) { _mm256_store_ps(p, x); }

  static Floats FromBytes(const uint8_t* p) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
  }

  // Sixteen bytes from each of the offsets on.
  static Pixels LoadPixels(const uint8_t* row, const int32_t* offsets) {
    const auto load = [&](int i) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + offsets[i]));
    };
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load(0)), load(1), 1);
  }
  // Four of these bytes of each output; -1 is a zero.
  static Floats Pick(Pixels pixels, __m128i bytes) {
    return _mm256_cvtepi32_ps(_mm256_shuffle_epi8(pixels, _mm256_broadcastsi128_si256(bytes)));
  }

  // Three values of each output, and one more after them.
  static void StorePixels(float* p, Floats x) {
    _mm_storeu_ps(p, _mm256_castps256_ps128(x));
    _mm_storeu_ps(p + 3, _mm256_extractf128_ps(x, 1));
  }
};

}  // namespace

const TensorflowKernels kTensorflowAvx2 = {LinearKernel<Avx2>::Make(), SumsKernel<Avx2>::Make(),
                                           AreaKernel<Avx2>::Make()};

}  // namespace regcore
