// The weights of PairKernel (int16_pairs-inl.h), for vectors of 8 or 16 lanes of 32 bits: words of
// two halves of each weight or, where the shifted weights of an axis fit into 16 bits, words of
// whole ones. `parts` is 2 or 1.
#pragma once

#include "resample/kernels.h"

namespace regcore {

// Rows of an intermediate block, byte-interleaved in the order 0, 2, 1, 3: the even bytes are the
// first pair of rows, the odd bytes the second.
inline constexpr int kPairBlockRows = 4;

// Chooses how the weights of an axis are written.
void ChooseParts(PackedAxis* axis);

// The words of two taps, a `step` apart: high halves and low halves, or whole weights.
void PackPair(const PackedAxis& axis, int i, int tap, size_t step, uint8_t* out);

// How the horizontal pass goes: one pixel at a time, because their windows lie too far apart for
// more; a vector of columns at a time, each as many pairs of taps as it needs; or all the same
// number of pairs, kPairColumns + number.
enum PairShape : int { kPairPixels, kPairColumns };
inline constexpr int kMaxFixedPairs = 4;

// Per group of columns in `blocks`: for each quarter (four lanes) the pixel where it begins to
// read, then the number of pairs of taps. In `weights`, whole vectors: where each lane of 32 bits
// comes from in the 64 bytes from the first quarter's beginning on, if `gathers`; the bytes of the
// first pair, which 16 bytes on, or so far from each quarter's beginning; then per pair of taps
// the high halves and the low halves, or the whole weights.
// kPairPixels: per pixel its number of pairs of taps, and per pair one word of high and one of low
// halves, or one of whole weights.
Status PackPairColumns(int lanes, bool gathers, PackedAxis* axis);

// Which blocks of intermediate rows an output row takes: perhaps the second pair of one, then
// `whole` ones, then perhaps the first pair of one. Per pair of rows two words, of high and of low
// halves, or one, of whole weights.
struct PairWindow {
  int first;
  int second_pair;  // 0 or 1
  int whole;
  int first_pair;  // 0 or 1
  int weights;     // index of the first word

  static constexpr size_t kInts = 5;

  static PairWindow Of(const PackedAxis& axis, int row) {
    const int32_t* window = axis.blocks.data() + kInts * static_cast<size_t>(row);
    return {window[0], window[1], window[2], window[3], window[4]};
  }
};

Status PackPairRows(PackedAxis* axis);

}  // namespace regcore
