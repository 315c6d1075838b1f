#include <immintrin.h>

#include "resample/opencv/kernels-inl.h"
#include "resample/opencv/quarter_loads-inl.h"

namespace regcore {
namespace {

struct Avx2 : QuarterLoads {
  using Vector = __m256i;
  using Floats = __m256;
  static constexpr int kLanes = 8;
  static constexpr bool kGathers = false;

  static Vector LoadQuarters(const uint8_t* row, const int32_t* places) {
    return _mm256_setr_m128i(Quarter(row + places[0]), Quarter(row + places[1]));
  }
  static Vector LoadHalves(const uint8_t* row, const int32_t* places) {
    return _mm256_setr_m128i(Halves(row, places), Halves(row, places + 2));
  }

  static Vector Load(const uint8_t* p) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  }
  static void Store(uint8_t* p, Vector x) { _mm256_store_si256(reinterpret_cast<__m256i*>(p), x); }
  static void StoreUnaligned(uint8_t* p, Vector x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x);
  }
  static Vector Broadcast(int32_t x) { return _mm256_set1_epi32(x); }
  static Vector BroadcastWord(int32_t x) { return _mm256_set1_epi16(static_cast<int16_t>(x)); }
  static Vector Shuffle(Vector x, Vector bytes) { return _mm256_shuffle_epi8(x, bytes); }
  static Vector Dot(Vector a, Vector b) { return _mm256_madd_epi16(a, b); }
  static Vector Add(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  static Vector LowProducts(Vector a, Vector b) { return _mm256_mullo_epi32(a, b); }
  static Vector AddWords(Vector a, Vector b) { return _mm256_add_epi16(a, b); }
  static Vector HighProducts(Vector a, Vector b) { return _mm256_mulhi_epi16(a, b); }
  template <int kBits>
  static Vector ShiftRight(Vector x) {
    return _mm256_srai_epi32(x, kBits);
  }

  // Two vectors of numbers → one of words, saturated, in an order of its own; and of such words →
  // one of bytes, saturated, in the order of the numbers.
  static Vector Words(Vector a, Vector b) { return _mm256_packs_epi32(a, b); }
  static Vector Bytes(Vector a, Vector b) {
    const Vector fours = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(a, b), fours);
  }

  // The same for the sixteenth part of numbers below 2^19, and the quarter of words below 2^10.
  static Vector SixteenthWords(Vector a, Vector b) {
    return Words(_mm256_srai_epi32(a, 4), _mm256_srai_epi32(b, 4));
  }
  static Vector QuarterBytes(Vector a, Vector b) {
    return Bytes(_mm256_srai_epi16(a, 2), _mm256_srai_epi16(b, 2));
  }

  static Floats Zero() { return _mm256_setzero_ps(); }
  static Floats BroadcastFloat(float x) { return _mm256_set1_ps(x); }
  static Floats LoadFloats(const uint8_t* p) {
    return _mm256_load_ps(reinterpret_cast<const float*>(p));
  }
  static void StoreFloats(uint8_t* p, Floats x) { _mm256_store_ps(reinterpret_cast<float*>(p), x); }
  static Floats ToFloats(Vector x) { return _mm256_cvtepi32_ps(x); }
  static Floats Product(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats AddProduct(Floats sum, Floats a, Floats b) {
    return _mm256_add_ps(sum, _mm256_mul_ps(a, b));
  }
  static Vector Round(Floats x) { return _mm256_cvtps_epi32(x); }
};

}  // namespace

const OpencvKernels kOpencvAvx2 = OpencvVectorKernels<Avx2>::Make();

}  // namespace regcore
