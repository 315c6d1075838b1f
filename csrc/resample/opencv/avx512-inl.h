// What OpencvVectorKernels needs of AVX-512 F, BW, VL and DQ.
#pragma once

#include <immintrin.h>

#include "resample/opencv/kernels-inl.h"
#include "resample/opencv/quarter_loads-inl.h"

namespace regcore {
namespace {  // as OpencvColumns demands

struct Avx512 : QuarterLoads {
  using Vector = __m512i;
  using Floats = __m512;
  static constexpr int kLanes = 16;
  static constexpr bool kGathers = false;

  static Vector Join(__m128i a, __m128i b, __m128i c, __m128i d) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_setr_m128i(a, b)),
                              _mm256_setr_m128i(c, d), 1);
  }
  static Vector LoadQuarters(const uint8_t* row, const int32_t* places) {
    return Join(Quarter(row + places[0]), Quarter(row + places[1]), Quarter(row + places[2]),
                Quarter(row + places[3]));
  }
  static Vector LoadHalves(const uint8_t* row, const int32_t* places) {
    return Join(Halves(row, places), Halves(row, places + 2), Halves(row, places + 4),
                Halves(row, places + 6));
  }

  static Vector Load(const uint8_t* p) { return _mm512_load_si512(p); }
  static void Store(uint8_t* p, Vector x) { _mm512_store_si512(p, x); }
  static void StoreUnaligned(uint8_t* p, Vector x) { _mm512_storeu_si512(p, x); }
  static Vector Broadcast(int32_t x) { return _mm512_set1_epi32(x); }
  static Vector BroadcastWord(int32_t x) { return _mm512_set1_epi16(static_cast<int16_t>(x)); }
  static Vector Shuffle(Vector x, Vector bytes) { return _mm512_shuffle_epi8(x, bytes); }
  static Vector Dot(Vector a, Vector b) { return _mm512_madd_epi16(a, b); }
  static Vector Add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  static Vector LowProducts(Vector a, Vector b) { return _mm512_mullo_epi32(a, b); }
  static Vector AddWords(Vector a, Vector b) { return _mm512_add_epi16(a, b); }
  static Vector HighProducts(Vector a, Vector b) { return _mm512_mulhi_epi16(a, b); }
  template <int kBits>
  static Vector ShiftRight(Vector x) {
    return _mm512_srai_epi32(x, kBits);
  }

  // Two vectors of numbers → one of words, saturated, in an order of its own; and of such words →
  // one of bytes, saturated, in the order of the numbers.
  static Vector Words(Vector a, Vector b) { return _mm512_packs_epi32(a, b); }
  static Vector Bytes(Vector a, Vector b) {
    const Vector fours = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(fours, _mm512_packus_epi16(a, b));
  }

  // The same for the sixteenth part of numbers below 2^19, and the quarter of words below 2^10.
  static Vector SixteenthWords(Vector a, Vector b) {
    return Words(_mm512_srai_epi32(a, 4), _mm512_srai_epi32(b, 4));
  }
  static Vector QuarterBytes(Vector a, Vector b) {
    return Bytes(_mm512_srai_epi16(a, 2), _mm512_srai_epi16(b, 2));
  }

  static Floats Zero() { return _mm512_setzero_ps(); }
  static Floats BroadcastFloat(float x) { return _mm512_set1_ps(x); }
  static Floats LoadFloats(const uint8_t* p) { return _mm512_load_ps(p); }
  static void StoreFloats(uint8_t* p, Floats x) { _mm512_store_ps(p, x); }
  static Floats ToFloats(Vector x) { return _mm512_cvtepi32_ps(x); }
  static Floats Product(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats AddProduct(Floats sum, Floats a, Floats b) {
    return _mm512_add_ps(sum, _mm512_mul_ps(a, b));
  }
  static Vector Round(Floats x) { return _mm512_cvtps_epi32(x); }
};

}  // namespace
}  // namespace regcore
