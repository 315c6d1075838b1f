// How blocks of coefficients lie in memory, so that a kernel takes several at once.
//
// Blocks of one component lie in groups of so many side by side as a kernel takes at once: first
// row 0 of all blocks of a group, then row 1, and so on; a ninth row is for what belongs nowhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace regcore {

inline constexpr unsigned kBlockSize = 72;  // numbers of 16 bits in a block, with the ninth row
inline constexpr int kMaxGroup = 4;         // blocks

// Where the coefficients of a block go, by their place, from 1 to 64; what has no place in a block,
// which only the end of one or damage leads to, goes where nothing is read.
struct BlockLayout {
  uint16_t offset[256];
};

// The blocks of a component side by side.
struct BlockRow {
  int16_t* data = nullptr;
  unsigned group_shift = 0;  // of the number of blocks in a group

  int16_t* Block(int across) const {
    const unsigned at = static_cast<unsigned>(across);
    const unsigned within = at & ((1u << group_shift) - 1);
    return data + (at >> group_shift) * (size_t{kBlockSize} << group_shift) + 8 * within;
  }
};

}  // namespace regcore
