// ScoreKernels::compare of NEON, for scores of 8 or 16 bits.
#pragma once

#include <arm_neon.h>

#include <bit>
#include <cmath>
#include <limits>

#include "scores/row_search/chunk_scan_neon-inl.h"
#include "scores/row_search/code_order-inl.h"
#include "scores/row_search/codes_neon-inl.h"
#include "scores/row_search/kernels-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// The codes of a chunk, one block by one name: of arrays of registers compilers make memory.
template <typename T>
struct ChunkCodes {
  static_assert(kBlocksPerChunk == 4);
  Codes<T> a, b, c, d;

  static ChunkCodes Load(const uint8_t* scores) {
    const auto block = [&](size_t i) { return Codes<T>::Load(scores + i * kBlockBytes<T>); };
    return {block(0), block(1), block(2), block(3)};
  }

  // Less how many in each lane.
  int8x16_t MinusCounts(const Codes<T>& threshold) const {  // all ones are -1
    const auto holds = [&](const Codes<T>& block) {
      return vreinterpretq_s8_u8(block.AtLeast(threshold));
    };
    return vaddq_s8(vaddq_s8(holds(a), holds(b)), vaddq_s8(holds(c), holds(d)));
  }
};

// How many scores of a row are not below one.
template <typename T>
class CountAtLeast {
 public:
  explicit CountAtLeast(float threshold) : threshold_(Codes<T>::All(threshold)) {}
  explicit CountAtLeast(const Codes<T>& threshold) : threshold_(threshold) {}

  void AddWhole(const ChunkCodes<T>& chunk) {
    minus_counts_ = vpadalq_s16(minus_counts_, vpaddlq_s8(chunk.MinusCounts(threshold_)));
  }

  size_t Sum(const uint8_t* row, size_t classes) const {
    const size_t whole = classes / kChunk;
    const size_t counted = 0u - vaddvq_u32(vreinterpretq_u32_s32(minus_counts_));
    if (classes % kChunk == 0) return counted;
    const uint64_t rest = ChunkAtLeast<T>(row, classes, whole, threshold_);
    return counted + static_cast<size_t>(std::popcount(rest));
  }

 private:
  const Codes<T> threshold_;
  int32x4_t minus_counts_ = vdupq_n_s32(0);
};

template <typename T>
Comparison CompareCodes(const uint8_t* row, size_t classes, float score, ptrdiff_t ahead) {
  if (classes < kChunk) return Compare<T>(row, classes, score, ahead);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const bool is_highest = score == T::kHighest;
  CountAtLeast<T> least(score);
  CountAtLeast<T> more(is_highest ? score : std::nextafter(score, kInfinity));
  CountAtLeast<T> numbers(kHasNan<T> ? Codes<T>::All(-kInfinity) : Codes<T>::Lowest());
  for (size_t chunk = 0; chunk < classes / kChunk; ++chunk) {
    const uint8_t* scores = row + kChunkBytes<T> * chunk;
    PrefetchChunk(scores + ahead, kChunkBytes<T>);
    const auto codes = ChunkCodes<T>::Load(scores);
    least.AddWhole(codes);
    more.AddWhole(codes);
    if constexpr (kHasNan<T>) numbers.AddWhole(codes);
  }
  const size_t above = is_highest ? 0 : more.Sum(row, classes);
  return {above, least.Sum(row, classes) - above,
          kHasNan<T> && numbers.Sum(row, classes) != classes};
}

}  // namespace
}  // namespace regcore
