// Which inputs each output of an axis is made of, and with which weights, as cv2.resize has it.
//
// `weights` have kOpencvBits fraction bits. An output near an end of the axis whose taps lie beside
// it takes the outermost input instead of them.
#pragma once

#include "resample/axis_plan.h"

namespace regcore {

inline constexpr int kOpencvBits = 11;

// Inputs per output, as a double, the way OpenCV comes to it: the inverse of an inverse.
double OpencvScale(int input_size, int output_size);

// INTER_NEAREST: one input, the weight counts for nothing.
AxisPlan OpencvNearestPlan(int input_size, int output_size, int first, int count, Filter);

// INTER_LINEAR. Two weights for each output, of input `start` and of `start + length - 1`, which
// may be the same: OpenCV rounds each of the two products between rows. Columns take beside the
// axis one input whole.
AxisPlan OpencvLinearColumns(int input_size, int output_size, int first, int count, Filter);
AxisPlan OpencvLinearRows(int input_size, int output_size, int first, int count, Filter);

// INTER_AREA where it enlarges one of the axes: the same from other places.
AxisPlan OpencvEnlargingColumns(int input_size, int output_size, int first, int count, Filter);
AxisPlan OpencvEnlargingRows(int input_size, int output_size, int first, int count, Filter);

// INTER_AREA where it does not: `float_weights` are the parts of each input that an output covers.
AxisPlan OpencvAreaPlan(int input_size, int output_size, int first, int count, Filter);

// The same where both scales are integers: `taps` inputs each, of weight one.
AxisPlan OpencvBoxPlan(int input_size, int output_size, int first, int count, Filter);

// INTER_LANCZOS4.
AxisPlan OpencvLanczosPlan(int input_size, int output_size, int first, int count, Filter);

// INTER_CUBIC. Rows are added up in float, so that four weights belong to each output of the
// vertical axis, also where they are of the same input; OpencvCubicInput tells which.
inline constexpr int kCubicTaps = 4;
AxisPlan OpencvCubicColumns(int input_size, int output_size, int first, int count, Filter);
AxisPlan OpencvCubicRows(int input_size, int output_size, int first, int count, Filter);
int OpencvCubicInput(int input_size, int output_size, int output, int tap);

}  // namespace regcore
