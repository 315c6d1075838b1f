// How rows are added up for OpenCV's INTER_CUBIC: eight columns at a time in float, and those that
// are left at the right end of a picture in integers.
#pragma once

#include "resample/kernels.h"

namespace regcore {

// In `blocks`, for each output its four rows, from the first one of its window on.
Status PackCubicRows(PackedAxis* axis);

// How many columns of a plan's row are among those that OpenCV adds up in float.
int CubicFloatColumns(const AxisPlan& horizontal);

}  // namespace regcore
