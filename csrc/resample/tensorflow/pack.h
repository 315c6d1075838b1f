// The plans of tf.image.resize in the order in which the vector kernels read them.
#pragma once

#include "resample/kernels.h"

namespace regcore {

// Outputs come in groups of so many; the last one fills up their number.
inline constexpr int kGroup = 4;

// Of a linear or an area plan, whose windows are `shape` inputs long at most.
// blocks: for each output, the byte of a row, counted from the plan's first input, where it begins.
// weights: of each group the first weight of each output, four times, then the second ones, ...
Status PackGroups(PackedAxis* axis);

// Inputs whose sums down the columns are held at a time.
inline constexpr int kTilePixels = 2048;

// blocks: the first output of each tile, and at the end the number of outputs. None, if an output
// alone needs more than a tile has. shape: the length of the longest window.
Status PackTiles(PackedAxis* axis);

}  // namespace regcore
