// What the plans of tf.image.resize have in common.
#pragma once

#include "resample/axis_plan.h"

namespace regcore {

// Inputs for each output, as float by float.
inline float TensorflowScale(int input_size, int output_size) {
  return static_cast<float>(input_size) / static_cast<float>(output_size);
}

// Where the centre of an output lies in the input, in pixels from its edge.
inline float TensorflowCentre(int output, float scale) {
  return (static_cast<float>(output) + 0.5f) * scale;
}

// A plan of weights of zero, whose windows are still to be filled in.
inline AxisPlan EmptyTensorflowPlan(int input_size, int output_size, int first, int count,
                                    int taps) {
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, taps);
  plan.length.assign(plan.start.size(), 1);
  plan.float_weights.assign(plan.start.size() * static_cast<size_t>(taps), 0.0f);
  return plan;
}

}  // namespace regcore
