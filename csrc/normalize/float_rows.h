// The formula on rows of floats, which lie between the values of pixels: no table has them.
#pragma once

#include <vector>

#include "base/simd_level.h"
#include "normalize/normalize_table.h"

namespace regcore {

// One operation, with its constant for the value at any place of a row, that is for channel place %
// 3.
struct FloatStep {
  enum class Operation { kMultiply, kSubtract, kDivide };

  Operation operation;
  float constants[NormalizeTable::kPeriod];
};

// What is done one after the other; nothing that changes no value. Not for kFloat64.
std::vector<FloatStep> FloatStepsOf(const ValueFormula& formula);

// One instruction set.
struct FloatRowKernel {
  // On `count` values, in place.
  void (*apply)(const FloatStep& step, int count, float* row);
  // `width` interleaved pixels to three planes.
  void (*split)(const float* row, int width, float* const planes[3]);
};

const FloatRowKernel& FloatRowKernelFor(SimdLevel level);

extern const FloatRowKernel kFloatRowsPortable;
extern const FloatRowKernel kFloatRowsAvx2;
extern const FloatRowKernel kFloatRowsAvx512;

}  // namespace regcore
