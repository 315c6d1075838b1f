// The positions and weights of tf.image.resize along one axis, rounded to float32 where it rounds.
// All plans have float_weights, `taps` for each output, and no integer ones.
#pragma once

#include "resample/axis_plan.h"

namespace regcore {

// Each output lies between input start and the next one, by the fraction that is its only weight.
// Where length is 1 it is that input, and the fraction 0.
AxisPlan MakeTensorflowLinearPlan(int input_size, int output_size, int first, int count, Filter);

// Keys's cubic of four inputs, by a table of 1024 steps.
AxisPlan MakeTensorflowCubicPlan(int input_size, int output_size, int first, int count, Filter);

// The input under the middle of each output, with a weight of one.
AxisPlan MakeTensorflowNearestPlan(int input_size, int output_size, int first, int count, Filter);

// The inputs under each output, each with the part of it that lies there. A weight past `length`
// belongs to the last input once more: rounding lets an output end a little after the picture does.
AxisPlan MakeTensorflowAreaPlan(int input_size, int output_size, int first, int count, Filter);

// Those of the op ScaleAndTranslate for kBilinear, kBicubic and kLanczos (of radius 3): as wide as
// the filter, or with antialias as wide as that of the scale.
AxisPlan MakeTensorflowScaledPlan(int input_size, int output_size, int first, int count,
                                  Filter filter);
AxisPlan MakeTensorflowAntialiasPlan(int input_size, int output_size, int first, int count,
                                     Filter filter);

}  // namespace regcore
