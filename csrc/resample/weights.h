// What the kernels' weight layouts have in common: vectors that hold consecutive columns, and a
// 22-bit weight as two 16-bit halves or three bytes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "resample/axis_plan.h"

namespace regcore {

inline int DivideUp(int a, int b) { return (a + b - 1) / b; }

// Zero outside the output's window.
inline int32_t WeightAt(const AxisPlan& plan, int i, int tap) {
  if (tap < 0 || tap >= plan.length[static_cast<size_t>(i)]) return 0;
  return plan
      .weights[static_cast<size_t>(i) * static_cast<size_t>(plan.taps) + static_cast<size_t>(tap)];
}

// A weight is LowHalf + 256 HighHalf. |weight| < 1.98 * 2^22, so the high half is below 2^15, and
// the low one is a signed byte.
inline int32_t LowHalf(int32_t weight) { return ((weight + 128) & 255) - 128; }
inline int32_t HighHalf(int32_t weight) { return (weight - LowHalf(weight)) / 256; }

// A weight is also Digit 0 + 256 Digit 1 + 65536 Digit 2, signed bytes, given here as bytes: adding
// 128 to every digit makes them the ordinary digits of another number, and flipping the top bit
// takes the 128 off again.
inline uint8_t Digit(int32_t weight, int digit) {
  const uint32_t digits = (static_cast<uint32_t>(weight) + 0x808080u) ^ 0x808080u;
  return static_cast<uint8_t>(digits >> (8 * digit));
}

// How many bits at the end are zero in all weights, but no more than 8: those of libraries that
// round weights to 16 bits. So far shifted, they take less parts.
inline int CommonZeroBits(const AxisPlan& plan) {
  constexpr uint32_t kMost = 1 << 8;
  uint32_t bits = kMost;
  for (int32_t weight : plan.weights) bits |= static_cast<uint32_t>(weight);
  return std::countr_zero(bits);
}

// Two 16-bit numbers in one 32-bit lane.
inline int32_t WordPair(int32_t first, int32_t second) {
  return static_cast<int32_t>((static_cast<uint32_t>(first) & 0xFFFFu) |
                              (static_cast<uint32_t>(second) << 16));
}

// The columns of one vector: one for each channel of a pixel.
struct ColumnGroup {
  static constexpr int kMaxLanes = 16;

  int pixel[kMaxLanes];   // of each lane; past the last one, the last one
  int offset[kMaxLanes];  // bytes from the beginning of pixel[0]'s window to the lane's first tap
  int used;               // lanes that are columns; the others' weights are to be zero
  int start;              // of pixel[0]'s window
  int longest;            // of the windows

  ColumnGroup(const AxisPlan& plan, int channels, int first_column, int lanes)
      : used(std::min(lanes, channels * plan.count - first_column)), longest(0) {
    int p = first_column / channels;
    int channel = first_column % channels;
    start = plan.start[static_cast<size_t>(p)];
    for (int lane = 0; lane < lanes; ++lane) {
      pixel[lane] = p;
      offset[lane] = channels * (plan.start[static_cast<size_t>(p)] - start) + channel;
      longest = std::max(longest, plan.length[static_cast<size_t>(p)]);
      if (++channel < channels) continue;
      channel = 0;
      p = std::min(p + 1, plan.count - 1);
    }
  }
};

inline std::vector<ColumnGroup> ColumnGroups(const AxisPlan& plan, int channels, int lanes) {
  std::vector<ColumnGroup> groups;
  groups.reserve(static_cast<size_t>(DivideUp(channels * plan.count, lanes)));
  for (int column = 0; column < channels * plan.count; column += lanes) {
    groups.emplace_back(plan, channels, column, lanes);
  }
  return groups;
}

}  // namespace regcore
