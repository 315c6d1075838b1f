// Plans of torch's resize of tensors, as torchvision calls it: align_corners=False, and but for one
// with antialias.
#pragma once

#include "resample/axis_plan.h"

namespace regcore {

// Of uint8 tensors. torch multiplies by int16 weights of as many fraction bits as the heaviest one
// of the axis allows; times a power of two they are weights of kWeightBits, and every kernel for
// Pillow's weights gives torch's bytes; those of x86 take the power out again (CommonZeroBits).
// `filter` is kNearest, kBilinear, kBicubic or kLanczos.
AxisPlan MakeTorchPlan(int input_size, int output_size, int first, int count, Filter filter);

// Of uint8 tensors without antialias. `filter` is kBilinear or kBicubic.
AxisPlan MakeTorchPlainPlan(int input_size, int output_size, int first, int count, Filter filter);

// Of float32 tensors: the plan has float_weights alone. `filter` is kNearest, kBilinear or
// kBicubic.
AxisPlan MakeTorchFloatPlan(int input_size, int output_size, int first, int count, Filter filter);

}  // namespace regcore
