// ScoreKernels::order_few, after an instruction set's keys.
//
//   Order                                         of one type: KeyOrder32 and its like
//     Order::Eight                                as eight_lanes-inl.h has it
//     Order::Sorted(row, indices, count, first)   eight keys
//     Order::Store(eight, keys)
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "scores/row_search/eight_lanes-inl.h"

namespace regcore {
namespace {

template <typename Order>
void OrderFew(const uint8_t* row, uint32_t* indices, size_t count, uint64_t* keys) {
  using Sixteen = SortedSixteen<typename Order::Eight>;
  const auto eight = [&](size_t first) { return Order::Sorted(row, indices, count, first); };
  std::fill_n(indices + count, 8, 0);
  const auto first = eight(0);
  if (count <= 8) return Order::Store(first, keys);
  std::fill_n(indices + count, 24, 0);
  Sixteen best = Sixteen::Merge(first, eight(8));
  if (count > 16) best = Sixteen::FirstOf(best, Sixteen::Merge(eight(16), eight(24)));
  Order::Store(best.low, keys);
  Order::Store(best.high, keys + 8);
}

}  // namespace
}  // namespace regcore
