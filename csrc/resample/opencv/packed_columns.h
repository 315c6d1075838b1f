// The weights of the vector kernels' horizontal passes: quarters of four columns, which are two
// pixels, and pairs of taps.
#pragma once

#include "resample/kernels.h"

namespace regcore {

// What holds a pair of taps of each pixel: sixteen bytes of a row for both pixels of a quarter, or
// eight for each of them, or 64 for the whole group.
enum GroupShape : int { kNearQuarters, kFarQuarters, kNearGroups };

// Groups of `lanes` columns, an even number of them, the last of which repeat the last pixel.
// In `blocks`, per group its number of pairs of taps, then for each quarter where it begins to
// read, in bytes from the beginning of a row (kFarQuarters: for each of the two pixels;
// kNearGroups: for the group).
//
// In `weights`, vectors of `lanes` 32-bit numbers. Integers: which bytes go into the two words of a
// lane, then for each pair one vector of two words of weights. Floats: which byte is the first tap,
// which is the second, then for each pair the floats of each.
//
// `gathers` says whether a kernel can take bytes from anywhere in 64, for kNearGroups.
Status PackIntegerColumns(int lanes, bool gathers, PackedAxis* axis);
Status PackFloatColumns(int lanes, bool gathers, PackedAxis* axis);

}  // namespace regcore
