// OpenCV's resize of 8-bit pictures.
#pragma once

#include "resample/method.h"

namespace regcore {

ResampleMethod OpencvMethod(Filter filter, SimdLevel level, const ResizedSides& sides);

}  // namespace regcore
