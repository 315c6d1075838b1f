#include "resample/opencv/method.h"

#include <cfloat>
#include <cmath>

#include "resample/opencv/kernels.h"
#include "resample/opencv/plans.h"

namespace regcore {
namespace {

bool IsInteger(double scale) { return std::fabs(scale - std::nearbyint(scale)) < DBL_EPSILON; }

ResampleMethod AreaMethod(const OpencvKernels& kernels, double x, double y) {
  if (x < 1 || y < 1) {
    return {OpencvEnlargingColumns, OpencvEnlargingRows, &kernels.linear, false};
  }
  if (!IsInteger(x) || !IsInteger(y)) {
    return {OpencvAreaPlan, OpencvAreaPlan, &kernels.area, false};
  }
  const bool halves = std::nearbyint(x) == 2 && std::nearbyint(y) == 2;
  return {OpencvBoxPlan, OpencvBoxPlan, halves ? &kernels.halving : &kernels.box, false};
}

}  // namespace

const OpencvKernels& OpencvKernelsFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86) && 0
  if (level >= SimdLevel::kAvx512) return kOpencvAvx512;
  if (level >= SimdLevel::kAvx2) return kOpencvAvx2;
#endif
  return kOpencvPortable;
}

ResampleMethod OpencvMethod(Filter filter, SimdLevel level, const ResizedSides& sides) {
  const OpencvKernels& kernels = OpencvKernelsFor(level);
  const double x = OpencvScale(sides.width, sides.resized_width);
  const double y = OpencvScale(sides.height, sides.resized_height);
  const bool copies = sides.width == sides.resized_width && sides.height == sides.resized_height;
  if (copies || filter == Filter::kNearest) {
    return {OpencvNearestPlan, OpencvNearestPlan, &kernels.nearest, false};
  }
  switch (filter) {
    case Filter::kArea:
      return AreaMethod(kernels, x, y);
    case Filter::kLanczos:
      return {OpencvLanczosPlan, OpencvLanczosPlan, &kernels.lanczos, false};
    default:
      break;
  }
  // OpenCV takes the mean of four for "the same as" linear at half the size, but rounds otherwise.
  const bool halves =
      IsInteger(x) && IsInteger(y) && std::nearbyint(x) == 2 && std::nearbyint(y) == 2;
  if (halves) return AreaMethod(kernels, x, y);
  return {OpencvLinearColumns, OpencvLinearRows, &kernels.linear, false};
}

}  // namespace regcore
