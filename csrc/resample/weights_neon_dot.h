// The weights of the Arm kernel for dot products of bytes (kernels_neondotprod.cc).
#pragma once

#include "resample/kernels.h"

namespace regcore {

inline constexpr int kDotDigits = 3;
inline constexpr int kDotLanes = 4;
inline constexpr int kDotBlock = 4;    // rows per block, and taps per lane of a dot product
inline constexpr int kDotVector = 16;  // bytes

// Per group of four columns, in `blocks`, its number of loads of sixteen bytes and the pixel where
// each one begins. In `weights`, what the lanes begin with, then for each load the bytes that go
// into the dot product (none is kDotNoByte) and a vector of each digit of their weights.
inline constexpr uint8_t kDotNoByte = 0xFF;

Status PackDotColumns(PackedAxis* axis);

// Which blocks of intermediate rows an output row takes, and where its words are: what its sums
// begin with, then four per block, of which the first three are the digits of four weights.
struct DotWindow {
  int first;
  int blocks;
  int weights;

  static constexpr size_t kInts = 3;

  static DotWindow Of(const PackedAxis& axis, int row) {
    const int32_t* window = axis.blocks.data() + kInts * static_cast<size_t>(row);
    return {window[0], window[1], window[2]};
  }
};

Status PackDotRows(PackedAxis* axis);

}  // namespace regcore
