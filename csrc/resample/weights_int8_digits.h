// The weights of the kernel for AVX-512 with VBMI and VNNI: signed bytes, the digits of a weight.
// There are three or, where the shifted weights of an axis need no third one, two: `parts`.
#pragma once

#include <cstddef>

#include "resample/kernels.h"

namespace regcore {

inline constexpr int kMaxDigits = 3;
inline constexpr int kDigitBlock = 4;                             // taps per dot product of bytes
inline constexpr int kDigitTapOrder[kDigitBlock] = {0, 2, 1, 3};  // in the bytes of a lane
inline constexpr int kWideTaps = 16;        // taps per step when one pixel fills the vector
inline constexpr size_t kDigitVector = 64;  // bytes

// How the horizontal pass goes: one pixel at a time, because their windows lie too far apart for
// more; sixteen columns at a time, as many blocks of four taps as they need, each in one vector of
// pixels or in two; or a fixed number of blocks, with or without two taps more:
// kDigitShort + 2 * number + (1 with two more).
enum DigitShape : int { kDigitPixels, kDigitColumns, kDigitFarColumns, kDigitShort };
inline constexpr int kMaxShortBlocks = 3;

// Columns: in `blocks`, per group the pixel where it begins to read, its number of blocks, and of
// far columns how many bytes later the second vector begins. In `weights`, vectors: the bytes of
// the first block from there on; per block one vector of each digit, the lowest first; for two taps
// more one of high and one of low halves in 16 bits or, of two digits, one of whole weights.
// Pixels: in `blocks`, per pixel its number of steps of kWideTaps; per step a vector of each digit,
// of which lane 4q + c is channel c of taps 4q..4q+3.
Status PackDigitColumns(PackedAxis* axis);

// Which blocks of four intermediate rows an output row takes: `whole` ones, then perhaps the first
// two rows of one. Per whole block one word of each digit, for half a block one of high and one of
// low halves or, of two digits, one of whole weights.
struct DigitWindow {
  int first;
  int whole;
  int half;     // 0 or 1
  int weights;  // index of the first word

  static constexpr size_t kInts = 4;

  static DigitWindow Of(const PackedAxis& axis, int row) {
    const int32_t* window = axis.blocks.data() + kInts * static_cast<size_t>(row);
    return {window[0], window[1], window[2], window[3]};
  }
};

Status PackDigitRows(PackedAxis* axis);

}  // namespace regcore
