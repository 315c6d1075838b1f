#include "resample/opencv/method.h"

namespace regcore {

ResampleMethod OpencvMethod(Filter, SimdLevel level, const ResizedSides&) {
  return {MakeAxisPlan, MakeAxisPlan, &ResampleKernelFor(level), false};
}

}  // namespace regcore
