#include "resample/tensorflow/method.h"

#include "resample/tensorflow/kernels.h"
#include "resample/tensorflow/plans.h"

namespace regcore {
namespace {

ResampleMethod Method(ResampleMethod::MakePlan make_plan, const ResampleKernel& kernel) {
  return {make_plan, make_plan, &kernel, false};
}

}  // namespace

ResampleMethod TensorflowMethod(Filter filter, SimdLevel level) {
  const TensorflowKernels& kernels = TensorflowKernelsFor(level);
  switch (filter) {
    case Filter::kNearest:
      return Method(MakeTensorflowNearestPlan, kernels.sums);
    case Filter::kBicubic:
      return Method(MakeTensorflowCubicPlan, kernels.sums);
    case Filter::kArea:
      return Method(MakeTensorflowAreaPlan, kernels.area);
    case Filter::kLanczos:
    case Filter::kLanczos5:
    case Filter::kGaussian:
    case Filter::kMitchell:
      return Method(MakeTensorflowScaledPlan, kernels.sums);
    default:
      return Method(MakeTensorflowLinearPlan, kernels.linear);
  }
}

ResampleMethod TensorflowAntialiasMethod(Filter filter, SimdLevel level) {
  if (filter == Filter::kNearest || filter == Filter::kArea) {
    return TensorflowMethod(filter, level);  // these have no other way
  }
  return Method(MakeTensorflowAntialiasPlan, TensorflowKernelsFor(level).sums);
}

}  // namespace regcore
