// The weights of the vector kernels' horizontal passes: quarters of four columns, which are two
// pixels, and pairs of taps.
#pragma once

#include "resample/kernels.h"

namespace regcore {

// How many bytes of a row hold a pair of taps of both pixels of a quarter: sixteen in one piece, or
// eight at each.
enum QuarterShape : int { kNearQuarters, kFarQuarters };

// Groups of `lanes` columns, an even number of them, the last of which repeat the last pixel.
// In `blocks`, per group its number of pairs of taps, then for each quarter where it begins to
// read, in bytes from the beginning of a row (kFarQuarters: for each of the two pixels).
//
// In `weights`, vectors of `lanes` 32-bit numbers. Integers: which bytes go into the two words of a
// lane, then for each pair one vector of two words of weights. Floats: which byte is the first tap,
// which is the second, then for each pair the floats of each.
Status PackIntegerColumns(int lanes, PackedAxis* axis);
Status PackFloatColumns(int lanes, PackedAxis* axis);

}  // namespace regcore
