#include "resample/opencv/cubic_rows.h"

#include <algorithm>

#include "resample/opencv/plans.h"

namespace regcore {

Status PackCubicRows(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  for (int i = 0; i < plan.count; ++i) {
    for (int tap = 0; tap < kCubicTaps; ++tap) {
      const int row = OpencvCubicInput(plan.input_size, plan.output_size, plan.first + i, tap);
      axis->blocks.push_back(row - plan.start[static_cast<size_t>(i)]);
    }
  }
  return {};
}

int CubicFloatColumns(const AxisPlan& horizontal) {
  constexpr int kTogether = 8;
  const int of_picture = 3 * horizontal.output_size / kTogether * kTogether;
  return std::clamp(of_picture - 3 * horizontal.first, 0, 3 * horizontal.count);
}

}  // namespace regcore
