// AVX2: the first of few scores in order, by keys of 64 bits: for kernels_avx2.cc.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <limits>

#include "scores/row_search/kernels.h"
#include "scores/row_search/sort_key-inl.h"

namespace regcore {
namespace {

// Each key goes where as many are before it.
template <typename T, size_t kRoom>
void OrderAmong(const uint8_t* row, const uint32_t* indices, size_t count, uint64_t* keys) {
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  // Signed, as AVX2 compares; past `count` the last that there is.
  int64_t all[kRoom];
  __m256i fours[kRoom / 4], before[kRoom / 4];
  for (size_t i = 0; i < kRoom; ++i) {
    const uint32_t index = i < count ? indices[i] : 0;
    const uint64_t key = KeyOfNumber(ValueAt<T>(row, index), index) ^ 1ull << 63;
    all[i] = i < count ? static_cast<int64_t>(key) : kLast;
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

// ScoreKernels::order_few, of any type.
template <typename T>
void OrderFewByCounting(const uint8_t* row, uint32_t* indices, size_t count, uint64_t* keys) {
  if (count <= 8) return OrderAmong<T, 8>(row, indices, count, keys);
  if (count <= 16) return OrderAmong<T, 16>(row, indices, count, keys);
  if (count <= 24) return OrderAmong<T, 24>(row, indices, count, keys);
  OrderAmong<T, 32>(row, indices, count, keys);
}

}  // namespace
}  // namespace regcore
