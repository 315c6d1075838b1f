// The obvious loops. Intermediate: rows of float32.
#include <algorithm>
#include <cmath>

#include "resample/torch/kernels.h"

namespace regcore {
namespace {

size_t IntermediateBytes(int rows, int columns) {
  return sizeof(float) * static_cast<size_t>(rows) * static_cast<size_t>(columns);
}

size_t BlockBytes(int columns) { return IntermediateBytes(kIntermediateBlockRows, columns); }

// Of every `step`th input.
template <typename Input>
float WeightedSum(const float* weights, int length, const Input* input, ptrdiff_t step) {
  const int rounded = RoundedTaps(length);
  float sum = 0;
  for (int t = 0; t < length; ++t, input += step) {
    const float value = *input;
    sum = t < rounded ? sum + weights[t] * value : std::fma(weights[t], value, sum);
  }
  return sum;
}

void Horizontal(const PackedAxis& horizontal, int begin, int end, const PixelView& source,
                uint8_t* intermediate) {
  const AxisPlan& plan = horizontal.plan;
  auto* out = reinterpret_cast<float*>(intermediate);
  for (int y = begin; y < end; ++y) {
    for (int x = 0; x < plan.count; ++x) {
      const size_t i = static_cast<size_t>(x);
      const float* weights = plan.float_weights.data() + i * static_cast<size_t>(plan.taps);
      const uint8_t* pixel = source.Row(y) + 3 * (plan.start[i] - source.area.left);
      for (int c = 0; c < 3; ++c) *out++ = WeightedSum(weights, plan.length[i], pixel + c, 3);
    }
  }
}

void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate, int skipped,
              int columns, uint8_t* out) {
  const AxisPlan& plan = vertical.plan;
  const size_t i = static_cast<size_t>(row);
  const float* weights = plan.float_weights.data() + i * static_cast<size_t>(plan.taps);
  const float* top = reinterpret_cast<const float*>(
      intermediate + IntermediateBytes(plan.start[i] - plan.input_begin() - skipped, columns));
  for (int column = 0; column < columns; ++column) {
    const float sum = WeightedSum(weights, plan.length[i], top + column, columns);
    out[column] = static_cast<uint8_t>(std::nearbyint(std::clamp(sum, 0.0f, 255.0f)));
  }
}

}  // namespace

const ResampleKernel kTorchFloatPortable = {PackNothing,       PackNothing, BlockBytes,
                                            IntermediateBytes, Horizontal,  Vertical};

}  // namespace regcore
