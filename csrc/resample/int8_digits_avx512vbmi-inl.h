// Sums of products of pixels and digits of weights, with VBMI and VNNI.
//
// Exactness: a weight k, |k| < 1.98 * 2^22, is written as k = d0 + 256 d1 + 65536 d2 with signed
// bytes d. vpdpbusd adds four products uint8 x int8 per 32-bit lane without saturation. Two taps
// take vpdpwssd, which adds two products of 16-bit numbers, and k = d0 + 256 e, |e| < 2^15. All
// sums are taken modulo 2^32, as is their recombination: that of Pillow's int32 sum, hence equal
// to it. The higher half of the sum's 32 bits, shifted by 6 more, is floor(sum / 2^22).
//
// Where all weights are k = 2^shift w, and w has no third digit, nor as a whole more than 16 bits,
// the sum of w and of 2^21 / 2^shift is the same number without its last bits, which are zeros.
//
// Intermediate: blocks of four rows, byte-interleaved (column 0 of rows 0, 2, 1, 3, column 1 of
// rows 0, 2, 1, 3, ...): the horizontal pass produces four rows at once, the vertical pass finds
// the four taps of a lane side by side, and the first two in the even bytes.
#pragma once

#include <immintrin.h>

#include "resample/weights.h"
#include "resample/weights_int8_digits.h"

namespace regcore {
namespace {  // for one file

constexpr int kBlock = kDigitBlock;       // rows per block, and taps per vpdpbusd lane
constexpr size_t kVector = kDigitVector;  // bytes
constexpr int32_t kHalf = 1 << (kWeightBits - 1);
constexpr __mmask64 kEvenBytes = 0x5555555555555555;

size_t BlockBytes(int columns) { return static_cast<size_t>(DivideUp(columns, 64)) * 64 * kBlock; }

// The store of one pixel's lanes reaches past the last one.
size_t IntermediateBytes(int rows, int columns) {
  return static_cast<size_t>(DivideUp(rows, kBlock)) * BlockBytes(columns) + kVector;
}

// Only the higher half of a sum is needed. It comes as the higher half of a lane or, which saves a
// shift where two vectors share one, as the lower: (d0 + 256 d1) / 65536 + d2 rounded down, of
// which the upper half is then left to chance.
enum class Half { kLower, kUpper };

// Words: lower halves of `even`, upper halves of `odd`, each shifted to sum >> 22.
inline __m512i Join(__m512i even, __m512i odd) {
  constexpr __mmask32 kOddWords = 0xAAAAAAAA;
  return _mm512_srai_epi16(_mm512_mask_blend_epi16(kOddWords, even, odd), kWeightBits - 16);
}

constexpr Half HalfAt(int vector) { return vector % 2 == 0 ? Half::kLower : Half::kUpper; }

// Four rows of sums → bytes clipped to 0..255, the four rows of a lane side by side.
inline __m512i Interleave(const __m512i row[kBlock]) {
  const __m512i order =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
  const __m512i bytes = _mm512_packus_epi16(Join(row[0], row[1]), Join(row[2], row[3]));
  return _mm512_shuffle_epi8(bytes, order);
}

// What an axis makes of its sums of shifted weights.
class Scale {
 public:
  explicit Scale(const PackedAxis& axis)
      : half(_mm512_set1_epi32(kHalf >> axis.shift)),
        up_(_mm512_set1_epi32(axis.shift)),
        down_(_mm512_set1_epi32(16 - axis.shift)) {}

  // The half of a sum of two digits that is wanted.
  __m512i Place(Half wanted, __m512i sum) const {
    return wanted == Half::kUpper ? _mm512_sllv_epi32(sum, up_) : _mm512_srav_epi32(sum, down_);
  }

  const __m512i half;

 private:
  __m512i up_;
  __m512i down_;
};

template <int kDigits>
inline void Begin(__m512i first, __m512i sum[kDigits]) {
  sum[0] = first;
  for (int d = 1; d < kDigits; ++d) sum[d] = _mm512_setzero_si512();
}

template <int kDigits>
inline __m512i Recombine(const Scale& scale, Half half, const __m512i sum[kDigits]) {
  const __m512i low = _mm512_add_epi32(sum[0], _mm512_slli_epi32(sum[1], 8));
  if constexpr (kDigits == 2) {
    return scale.Place(half, low);
  } else {
    if (half == Half::kLower) return _mm512_add_epi32(_mm512_srai_epi32(low, 16), sum[2]);
    return _mm512_add_epi32(low, _mm512_slli_epi32(sum[2], 16));
  }
}

}  // namespace
}  // namespace regcore
