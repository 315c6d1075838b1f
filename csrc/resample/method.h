// How pictures of some size are resampled.
#pragma once

#include "resample/axis_plan.h"
#include "resample/kernels.h"

namespace regcore {

// Of a whole picture, in pixels: some libraries change their ways by the scales of both axes.
struct ResizedSides {
  int width;
  int height;
  int resized_width;
  int resized_height;
};

// The plans of both axes, and the kernel that runs them.
struct ResampleMethod {
  using MakePlan = AxisPlan (*)(int input_size, int output_size, int first, int count,
                                Filter filter);

  MakePlan plan_horizontal;
  MakePlan plan_vertical;
  const ResampleKernel* kernel;
  bool vertical_first;
};

}  // namespace regcore
