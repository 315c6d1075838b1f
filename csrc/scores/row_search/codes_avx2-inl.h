// AVX2: the codes of 32 scores.
#pragma once

#include <immintrin.h>

#include <array>

#include "scores/row_search/group_codes_avx2-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// Whether SlotMaxima is worth it: of 16 bits it would need twelve registers, and their temporaries.
template <typename T>
constexpr bool kHasSlots = kIsByte<T>;

template <typename T>
struct Codes {
  static constexpr size_t kCount = 32;

  __m256i low, high;  // of 16 bits; those of 8 are in `low`

  static Codes Lowest() {
    const __m256i lowest = kIsByte<T> ? _mm256_set1_epi8(-128) : _mm256_set1_epi16(-0x8000);
    return {lowest, lowest};
  }

  static Codes Load(const uint8_t* p) {
    const __m256i* stored = reinterpret_cast<const __m256i*>(p);
    const __m256i first = _mm256_loadu_si256(stored);
    if constexpr (kIsByte<T>) {
      return {_mm256_xor_si256(first, _mm256_set1_epi8(kByteFlip<T>)), first};
    } else {
      return {GroupCodes<T>::Coded(first), GroupCodes<T>::Coded(_mm256_loadu_si256(stored + 1))};
    }
  }

  static Codes All(float threshold) {
    const __m256i all = GroupCodes<T>::All(threshold).v;
    return {all, all};
  }

  Codes Last(size_t n) const {
    // Of bytes, all ones from place kCount - n on.
    alignas(32) static constexpr auto kMasks = [] {
      std::array<uint8_t, 2 * kCount> masks = {};
      for (size_t i = kCount; i < masks.size(); ++i) masks[i] = 0xFF;
      return masks;
    }();
    const __m256i last = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMasks.data() + n));
    const __m256i lowest = Lowest().low;
    if constexpr (kIsByte<T>) {
      return {_mm256_blendv_epi8(lowest, low, last), high};
    } else {
      const auto of_words = [](__m128i bytes) { return _mm256_cvtepi8_epi16(bytes); };
      return {_mm256_blendv_epi8(lowest, low, of_words(_mm256_castsi256_si128(last))),
              _mm256_blendv_epi8(lowest, high, of_words(_mm256_extracti128_si256(last, 1)))};
    }
  }

  Codes MaxWith(Codes best) const {
    if constexpr (kIsByte<T>) return {_mm256_max_epi8(low, best.low), low};
    return {_mm256_max_epi16(low, best.low), _mm256_max_epi16(high, best.high)};
  }

  Codes MinWith(Codes other) const {
    if constexpr (kIsByte<T>) return {_mm256_min_epi8(low, other.low), low};
    return {_mm256_min_epi16(low, other.low), _mm256_min_epi16(high, other.high)};
  }

  static Codes Number(size_t n) {
    const __m256i all = kIsByte<T> ? _mm256_set1_epi8(static_cast<char>(n)) : Words(n);
    return {all, all};
  }

  static Codes IfAbove(Codes a, Codes b, Codes yes, Codes no) {
    if constexpr (kIsByte<T>) {
      return {_mm256_blendv_epi8(no.low, yes.low, _mm256_cmpgt_epi8(a.low, b.low)), no.low};
    } else {
      return {_mm256_blendv_epi8(no.low, yes.low, _mm256_cmpgt_epi16(a.low, b.low)),
              _mm256_blendv_epi8(no.high, yes.high, _mm256_cmpgt_epi16(a.high, b.high))};
    }
  }

  void StoreIndices(size_t after, size_t last, uint16_t* indices) const {
    const auto store = [&](__m256i chunks, size_t lane) {
      const __m256i begin = _mm256_add_epi16(_mm256_slli_epi16(chunks, 6), Words(after));
      const __m256i first = _mm256_min_epu16(begin, Words(last));
      const auto* lanes = reinterpret_cast<const __m256i*>(kLaneNumbers.data() + lane);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(indices + lane),
                          _mm256_add_epi16(first, _mm256_load_si256(lanes)));
    };
    if constexpr (kIsByte<T>) {
      store(_mm256_cvtepu8_epi16(_mm256_castsi256_si128(low)), 0);
      store(_mm256_cvtepu8_epi16(_mm256_extracti128_si256(low, 1)), 16);
    } else {
      store(low, 0);
      store(high, 16);
    }
  }

  uint64_t AtLeast(Codes threshold) const {
    __m256i below;
    if constexpr (kIsByte<T>) {
      below = _mm256_cmpgt_epi8(threshold.low, low);
    } else {
      below = _mm256_packs_epi16(_mm256_cmpgt_epi16(threshold.low, low),
                                 _mm256_cmpgt_epi16(threshold.high, high));
      below = _mm256_permute4x64_epi64(below, 0b11011000);  // packed by halves
    }
    return ~static_cast<uint32_t>(_mm256_movemask_epi8(below));
  }

  Lanes Groups() const {
    if constexpr (!kIsByte<T>) return GroupCodes<T>{_mm256_max_epi16(low, high)}.Scores();
    return GroupCodes<T>::OfHalves(low).Scores();
  }

 private:
  static __m256i Words(size_t n) { return _mm256_set1_epi16(static_cast<short>(n)); }
};

}  // namespace
}  // namespace regcore
