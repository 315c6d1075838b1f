#include "resample/opencv/method.h"

#include <cfloat>
#include <cmath>

#include "resample/opencv/kernels.h"
#include "resample/opencv/plans.h"
#include "resample/pick.h"

namespace regcore {
namespace {

bool IsInteger(double scale) { return std::fabs(scale - std::nearbyint(scale)) < DBL_EPSILON; }

// The mean of four is linear halfway between them: the weights' products lose nothing.
bool Halves(double x, double y) {
  return IsInteger(x) && IsInteger(y) && std::nearbyint(x) == 2 && std::nearbyint(y) == 2;
}

ResampleMethod AreaMethod(const OpencvKernels& kernels, const ResizedSides& sides) {
  // A float holds any sum of that many pixels.
  constexpr double kLargestBox = 1 << 16;
  const double x = OpencvScale(sides.width, sides.resized_width);
  const double y = OpencvScale(sides.height, sides.resized_height);
  if (x < 1 || y < 1) {
    return {OpencvEnlargingColumns, OpencvEnlargingRows, &kernels.linear, false};
  }
  if (Halves(x, y)) return {OpencvLinearColumns, OpencvLinearRows, &kernels.linear, false};
  if (IsInteger(x) && IsInteger(y)) {
    const OpencvKernels& box = x * y <= kLargestBox ? kernels : kOpencvPortable;
    return {OpencvBoxPlan, OpencvBoxPlan, &box.box, false};
  }
  return {OpencvAreaPlan, OpencvAreaPlan, &kernels.area, false};
}

}  // namespace

const OpencvKernels& OpencvKernelsFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx512Vbmi) return kOpencvAvx512Vbmi;
  if (level >= SimdLevel::kAvx512) return kOpencvAvx512;
  if (level >= SimdLevel::kAvx2) return kOpencvAvx2;
#endif
  return kOpencvPortable;
}

ResampleMethod OpencvMethod(Filter filter, SimdLevel level, const ResizedSides& sides) {
  const OpencvKernels& kernels = OpencvKernelsFor(level);
  const bool copies = sides.width == sides.resized_width && sides.height == sides.resized_height;
  const ResampleKernel& nearest = level == SimdLevel::kPortable ? kOpencvNearest : kPick;
  if (copies) return {OpencvNearestPlan, OpencvNearestPlan, &nearest, false};
  switch (filter) {
    case Filter::kNearest:
      return {OpencvNearestPlan, OpencvNearestPlan, &nearest, false};
    case Filter::kArea:
      return AreaMethod(kernels, sides);
    case Filter::kLanczos:
      return {OpencvLanczosPlan, OpencvLanczosPlan, &kernels.lanczos, false};
    case Filter::kBicubic:
      return {OpencvCubicColumns, OpencvCubicRows, &kernels.cubic, false};
    default:
      return {OpencvLinearColumns, OpencvLinearRows, &kernels.linear, false};
  }
}

}  // namespace regcore
