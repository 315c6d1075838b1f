// How blocks of coefficients lie in memory, so that a kernel takes several at once.
//
// Blocks of one component lie in groups of so many side by side as a kernel takes at once: first
// row 0 of all blocks of a group, then row 1, and so on; a ninth row is for what belongs nowhere.
#pragma once

namespace regcore {

inline constexpr unsigned kBlockSize = 72;  // numbers of 16 bits in a block, with the ninth row
inline constexpr int kMaxGroup = 4;         // blocks

}  // namespace regcore
