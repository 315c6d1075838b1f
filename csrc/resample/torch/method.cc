#include "resample/torch/method.h"

#include "resample/torch/axis_plan.h"
#include "resample/torch/kernels.h"

namespace regcore {

ResampleMethod TorchMethod(SimdLevel level) {
  return {MakeTorchPlan, MakeTorchPlan, &ResampleKernelFor(level), false};
}

ResampleMethod TorchFloatMethod(SimdLevel level) {
  return {MakeTorchFloatPlan, MakeTorchFloatPlan, &TorchFloatKernelFor(level), false};
}

}  // namespace regcore
