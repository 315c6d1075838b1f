// AVX2: the first of few scores in order, by keys of 64 bits: for kernels_avx2.cc.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <limits>

#include "scores/row_search/kernels.h"
#include "scores/row_search/sort_key-inl.h"

namespace regcore {
namespace {

// As FirstKeys32, of any type. Each key goes where as many are before it.
template <typename T>
class FirstKeys64 {
 public:
  FirstKeys64(const uint8_t* row, uint32_t* indices, size_t count)
      : row_(row), indices_(indices), count_(count) {}

  void Find(uint64_t* keys) const {
    if (count_ <= 8) return FindAmong<8>(keys);
    if (count_ <= 16) return FindAmong<16>(keys);
    return count_ <= 24 ? FindAmong<24>(keys) : FindAmong<32>(keys);
  }

 private:
  static constexpr int64_t kLast = std::numeric_limits<int64_t>::max();

  template <size_t kRoom>
  void FindAmong(uint64_t* keys) const {
    // Signed, as AVX2 compares; past `count_` the last that there is.
    int64_t all[kRoom];
    __m256i fours[kRoom / 4], before[kRoom / 4];
    for (size_t i = 0; i < kRoom; ++i) {
      const uint32_t index = i < count_ ? indices_[i] : 0;
      const uint64_t key = KeyOfNumber(ValueAt<T>(row_, index), index) ^ 1ull << 63;
      all[i] = i < count_ ? static_cast<int64_t>(key) : kLast;
    }
    for (size_t i = 0; i < kRoom / 4; ++i) {
      const int64_t* four = all + 4 * i;
      fours[i] = _mm256_setr_epi64x(four[0], four[1], four[2], four[3]);
      before[i] = _mm256_setzero_si256();
    }
    for (size_t i = 0; i < kRoom; ++i) {
      const __m256i key = _mm256_set1_epi64x(all[i]);
      for (size_t j = 0; j < kRoom / 4; ++j) {
        before[j] = _mm256_sub_epi64(before[j], _mm256_cmpgt_epi64(fours[j], key));
      }
    }
    alignas(32) uint64_t places[kRoom];
    for (size_t i = 0; i < kRoom / 4; ++i) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(places) + i, before[i]);
    }
    for (size_t i = 0; i < kRoom; ++i) keys[places[i]] = static_cast<uint64_t>(all[i]);
  }

  const uint8_t* const row_;
  uint32_t* const indices_;
  const size_t count_;
};

}  // namespace
}  // namespace regcore
