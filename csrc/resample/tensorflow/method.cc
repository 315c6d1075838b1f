#include "resample/tensorflow/method.h"

namespace regcore {

ResampleMethod TensorflowMethod(Filter, SimdLevel level) {
  return {MakeAxisPlan, MakeAxisPlan, &ResampleKernelFor(level), false};
}

ResampleMethod TensorflowAntialiasMethod(Filter filter, SimdLevel level) {
  return TensorflowMethod(filter, level);
}

}  // namespace regcore
