// PairKernel's operations of AVX-512 F, BW, VL and DQ: sixteen columns at a time.
#pragma once

#include "resample/int16_pairs-inl.h"

namespace regcore {
namespace {  // as PairKernel demands

// One group of columns: where it reads, and what its quarters and lanes take of that.
class Avx512 {
 public:
  using Vector = __m512i;
  static constexpr int kLanes = 16;
  static constexpr bool kGathers = true;
  static constexpr size_t kFixedVectors = 2;

  Avx512(ptrdiff_t channels, const int32_t* starts, const uint8_t* fixed)
      : first_(channels * starts[0]), quarters_(Load(fixed)), bytes_(Load(fixed + 64)) {}

  Vector Taps(const uint8_t* row) const {
    const __m512i pixels = _mm512_loadu_si512(row + first_);
    return _mm512_shuffle_epi8(_mm512_permutexvar_epi32(quarters_, pixels), bytes_);
  }

  static Vector Broadcast(int32_t x) { return _mm512_set1_epi32(x); }
  static Vector Load(const uint8_t* p) { return _mm512_load_si512(p); }
  static void Store(uint8_t* p, Vector x) { _mm512_store_si512(p, x); }
  static void StoreUnaligned(uint8_t* p, Vector x) { _mm512_storeu_si512(p, x); }
  static Vector Add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  static Vector Dot(Vector sum, Vector a, Vector b) { return Add(sum, _mm512_madd_epi16(a, b)); }
  template <int kBits>
  static Vector ShiftLeft(Vector x) {
    return _mm512_slli_epi32(x, kBits);
  }
  template <int kBits>
  static Vector ShiftRight(Vector x) {
    return _mm512_srai_epi32(x, kBits);
  }
  static Vector ShiftLeftBy(Vector x, Vector bits) { return _mm512_sllv_epi32(x, bits); }
  static Vector ShiftRightBy(Vector x, Vector bits) { return _mm512_srav_epi32(x, bits); }
  static Vector EvenBytes(Vector x) { return _mm512_and_si512(x, _mm512_set1_epi16(0x00FF)); }
  static Vector OddBytes(Vector x) { return _mm512_srli_epi16(x, 8); }

  // Four rows of sums → bytes clipped to 0..255, the four rows of a lane side by side.
  static Vector Interleave(const Vector row[4]) {
    const __m512i order =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
    const __m512i bytes = _mm512_packus_epi16(Words(row[0], row[1]), Words(row[2], row[3]));
    return _mm512_shuffle_epi8(bytes, order);
  }

  // Four vectors of results → bytes clipped to 0..255, one vector after the other.
  static Vector Bytes(const Vector result[4]) {
    const __m512i quarters =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i bytes = _mm512_packus_epi16(_mm512_packs_epi32(result[0], result[1]),
                                              _mm512_packs_epi32(result[2], result[3]));
    return _mm512_permutexvar_epi32(quarters, bytes);
  }

 private:
  // Each sum >> 22, those of `even` in the even words.
  static Vector Words(Vector even, Vector odd) {
    constexpr __mmask32 kOddWords = 0xAAAAAAAA;
    const __m512i high = _mm512_mask_blend_epi16(kOddWords, _mm512_srli_epi32(even, 16), odd);
    return _mm512_srai_epi16(high, kWeightBits - 16);
  }

  ptrdiff_t first_;
  __m512i quarters_;
  __m512i bytes_;
};

}  // namespace

}  // namespace regcore
