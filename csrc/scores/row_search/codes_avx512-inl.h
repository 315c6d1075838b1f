// AVX-512: the codes of 64 bytes of scores.
#pragma once

#include <immintrin.h>

#include "scores/row_search/group_codes_avx2-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// Whether SlotMaxima is worth it.
template <typename T>
constexpr bool kHasSlots = true;

template <typename T>
struct Codes {
  static constexpr size_t kCount = kIsByte<T> ? 64 : 32;

  __m512i v;

  static Codes Lowest() {
    return {kIsByte<T> ? _mm512_set1_epi8(-128) : _mm512_set1_epi16(-0x8000)};
  }

  static Codes Load(const uint8_t* p) {
    const __m512i stored = _mm512_loadu_si512(p);
    if constexpr (kIsByte<T>) {
      if constexpr (kByteFlip<T> == 0) return {stored};
      return {_mm512_xor_si512(stored, _mm512_set1_epi8(kByteFlip<T>))};
    } else {
      // As GroupCodes::Flipped.
      constexpr int kFirstXorSecondAndThird = 0x78;
      const __m512i ordered =
          _mm512_ternarylogic_epi32(stored, _mm512_srai_epi16(stored, 15),
                                    _mm512_set1_epi16(0x7FFF), kFirstXorSecondAndThird);
      return {_mm512_add_epi16(ordered, _mm512_set1_epi16(kPastInfinity<T>))};
    }
  }

  static Codes All(float threshold) {
    return {_mm512_broadcast_i64x4(GroupCodes<T>::All(threshold).v)};
  }

  Codes Last(size_t n) const {
    if constexpr (kIsByte<T>) {
      return {_mm512_mask_mov_epi8(Lowest().v, ~uint64_t{0} << (kCount - n), v)};
    } else {
      return {_mm512_mask_mov_epi16(Lowest().v, ~uint32_t{0} << (kCount - n), v)};
    }
  }

  Codes MaxWith(Codes best) const {
    return {kIsByte<T> ? _mm512_max_epi8(v, best.v) : _mm512_max_epi16(v, best.v)};
  }

  Codes MinWith(Codes other) const {
    return {kIsByte<T> ? _mm512_min_epi8(v, other.v) : _mm512_min_epi16(v, other.v)};
  }

  static Codes Number(size_t n) {
    return {kIsByte<T> ? _mm512_set1_epi8(static_cast<char>(n)) : Words(n)};
  }

  static Codes IfAbove(Codes a, Codes b, Codes yes, Codes no) {
    if constexpr (kIsByte<T>) {
      return {_mm512_mask_mov_epi8(no.v, _mm512_cmpgt_epi8_mask(a.v, b.v), yes.v)};
    } else {
      return {_mm512_mask_mov_epi16(no.v, _mm512_cmpgt_epi16_mask(a.v, b.v), yes.v)};
    }
  }

  void StoreIndices(size_t after, size_t last, uint16_t* indices) const {
    const auto store = [&](__m512i chunks, size_t lane) {
      const __m512i begin = _mm512_add_epi16(_mm512_slli_epi16(chunks, 6), Words(after));
      const __m512i first = _mm512_min_epu16(begin, Words(last));
      const __m512i lanes = _mm512_load_si512(kLaneNumbers.data() + lane);
      _mm512_storeu_si512(indices + lane, _mm512_add_epi16(first, lanes));
    };
    if constexpr (kIsByte<T>) {
      store(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(v)), 0);
      store(_mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(v, 1)), 32);
    } else {
      store(v, 0);
    }
  }

  uint64_t AtLeast(Codes threshold) const {
    if constexpr (kIsByte<T>) return _mm512_cmpge_epi8_mask(v, threshold.v);
    return _mm512_cmpge_epi16_mask(v, threshold.v);
  }

  Lanes Groups() const {
    const __m256i low = _mm512_castsi512_si256(v), high = _mm512_extracti64x4_epi64(v, 1);
    if constexpr (!kIsByte<T>) return GroupCodes<T>{_mm256_max_epi16(low, high)}.Scores();
    return GroupCodes<T>::OfHalves(_mm256_max_epi8(low, high)).Scores();
  }

 private:
  static __m512i Words(size_t n) { return _mm512_set1_epi16(static_cast<short>(n)); }
};

}  // namespace
}  // namespace regcore
