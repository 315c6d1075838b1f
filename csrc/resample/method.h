// How a picture is resampled so that its pixels are those of one library.
#pragma once

#include "base/simd_level.h"
#include "resample/axis_plan.h"
#include "resample/kernels.h"

namespace regcore {

// Whose pixels.
enum class Flavour {
  kPillow,
  kTorch,       // uint8 tensors with antialias, by int16 weights
  kTorchFloat,  // the same in float32, rounded to uint8 at the end
  kOpencv,
  kTensorflow,           // tf.image.resize
  kTensorflowAntialias,  // the same with antialias
};

// Whether rows of this flavour are float32, and not rounded to pixels.
bool HasFloatRows(Flavour flavour);

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

// For pictures of three channels. `order` counts for kPillow alone.
ResampleMethod MethodFor(Flavour flavour, PassOrder order, Filter filter, SimdLevel level,
                         const ResizedSides& sides);

}  // namespace regcore
