#include "normalize/float_rows.h"

#include <algorithm>

namespace regcore {
namespace {

using Operation = FloatStep::Operation;

void AddStep(Operation operation, const double constants[3], std::vector<FloatStep>* steps) {
  const double nothing = operation == Operation::kSubtract ? 0.0 : 1.0;
  FloatStep step = {operation, {}};
  for (size_t i = 0; i < NormalizeTable::kPeriod; ++i) {
    step.constants[i] = static_cast<float>(constants[i % 3]);
  }
  if (std::all_of(step.constants, step.constants + 3, [&](float x) { return x == nothing; })) {
    return;
  }
  steps->push_back(step);
}

}  // namespace

std::vector<FloatStep> FloatStepsOf(const ValueFormula& f) {
  const bool product = f.arithmetic == Arithmetic::kProduct;
  const double scale = product ? 1.0 / f.divisor : f.divisor;
  const double scales[3] = {scale, scale, scale};
  std::vector<FloatStep> steps;
  AddStep(product ? Operation::kMultiply : Operation::kDivide, scales, &steps);
  AddStep(Operation::kSubtract, f.mean, &steps);
  AddStep(Operation::kDivide, f.std, &steps);
  AddStep(Operation::kDivide, f.second_std, &steps);
  return steps;
}

const FloatRowKernel& FloatRowKernelFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx512) return kFloatRowsAvx512;
  if (level >= SimdLevel::kAvx2) return kFloatRowsAvx2;
#endif
  return kFloatRowsPortable;
}

}  // namespace regcore
