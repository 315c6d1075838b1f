// Plain loops over rows of floats, for the compiler to vectorise.
#pragma once

#include "normalize/float_rows.h"

namespace regcore {

// `Local` is any type of the file that instantiates this, which is compiled for its instruction
// set.
template <typename Local>
class FloatRows {
 public:
  static constexpr FloatRowKernel Make() { return {Apply, Split}; }

 private:
  static constexpr int kPeriod = NormalizeTable::kPeriod;

  template <typename Operation>
  static void ForEach(const float* constants, int count, float* row, const Operation& operation) {
    int begin = 0;
    for (; begin + kPeriod <= count; begin += kPeriod, row += kPeriod) {
      for (int i = 0; i < kPeriod; ++i) row[i] = operation(row[i], constants[i]);
    }
    for (int i = 0; i < count - begin; ++i) row[i] = operation(row[i], constants[i]);
  }

  static void Apply(const FloatStep& step, int count, float* row) {
    switch (step.operation) {
      case FloatStep::Operation::kMultiply:
        return ForEach(step.constants, count, row, [](float x, float y) { return x * y; });
      case FloatStep::Operation::kSubtract:
        return ForEach(step.constants, count, row, [](float x, float y) { return x - y; });
      case FloatStep::Operation::kDivide:
        return ForEach(step.constants, count, row, [](float x, float y) { return x / y; });
    }
  }

  static void Split(const float* row, int width, float* const planes[3]) {
    float* __restrict red = planes[0];
    float* __restrict green = planes[1];
    float* __restrict blue = planes[2];
    for (int x = 0; x < width; ++x) {
      red[x] = row[3 * x];
      green[x] = row[3 * x + 1];
      blue[x] = row[3 * x + 2];
    }
  }
};

}  // namespace regcore
