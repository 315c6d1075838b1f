#include "resample/torch/method.h"

namespace regcore {

ResampleMethod TorchMethod(Filter, SimdLevel level) {
  return {MakeAxisPlan, MakeAxisPlan, &ResampleKernelFor(level), false};
}

ResampleMethod TorchFloatMethod(Filter filter, SimdLevel level) {
  return TorchMethod(filter, level);
}

}  // namespace regcore
