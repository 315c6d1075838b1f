// A score and its index as one integer: ascending integers are the order of TopK.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace regcore {
namespace {  // a copy for each instruction set

inline uint64_t KeyOfNumber(float score, size_t index) {
  const uint32_t bits = std::bit_cast<uint32_t>(score + 0.0f);  // -0 + 0 is 0
  const uint32_t positive = ~static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31);
  return uint64_t{bits ^ (positive & 0x7FFFFFFFu)} << 32 | index;
}

// The keys of NaNs come after those of all numbers.
inline uint64_t KeyOfNan(size_t index) { return 0xFFFFFFFFull << 32 | index; }

inline size_t IndexOf(uint64_t key) { return key & 0xFFFFFFFFu; }

}  // namespace
}  // namespace regcore
