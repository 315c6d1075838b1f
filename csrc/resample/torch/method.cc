#include "resample/torch/method.h"

#include "resample/pick.h"
#include "resample/torch/axis_plan.h"
#include "resample/torch/kernels.h"

namespace regcore {
namespace {

ResampleMethod Method(ResampleMethod::MakePlan make_plan, const ResampleKernel& kernel,
                      Filter filter, SimdLevel level) {
  const bool picks = (filter == Filter::kNearest || filter == Filter::kNearestExact) &&
                     level != SimdLevel::kPortable;
  return {make_plan, make_plan, picks ? &kPick : &kernel, false};
}

}  // namespace

ResampleMethod TorchMethod(Filter filter, SimdLevel level) {
  return Method(MakeTorchPlan, ResampleKernelFor(level), filter, level);
}

ResampleMethod TorchPlainMethod(Filter filter, SimdLevel level) {
  return Method(MakeTorchPlainPlan, ResampleKernelFor(level), filter, level);
}

ResampleMethod TorchFloatMethod(Filter filter, SimdLevel level) {
  return Method(MakeTorchFloatPlan, TorchFloatKernelFor(level), filter, level);
}

}  // namespace regcore
