#include "resample/tensorflow/area_value.h"

#include <algorithm>

#include "resample/tensorflow/axis.h"

namespace regcore {

float AreaFactor(const AxisPlan& across, const AxisPlan& down) {
  const float area = TensorflowScale(down.input_size, down.output_size) *
                     TensorflowScale(across.input_size, across.output_size);
  return static_cast<float>(1.0 / area);
}

int AreaWeights(const AxisPlan& plan, size_t output) {
  const size_t next = output * static_cast<size_t>(plan.taps) +
                      static_cast<size_t>(plan.length[output]);  // < taps: see area_plan.cc
  return plan.length[output] + (plan.float_weights[next] != 0.0f ? 1 : 0);
}

float AreaValue(const SourcePicture& picture, const AxisPlan& down, size_t x, size_t y,
                int channel) {
  const AxisPlan& across = picture.horizontal->plan;
  const float* const down_weights = down.float_weights.data() + y * static_cast<size_t>(down.taps);
  const float* const weights = across.float_weights.data() + x * static_cast<size_t>(across.taps);
  float sum = 0.0f;
  for (int s = 0; s < AreaWeights(down, y); ++s) {
    const int line = down.start[y] + std::min(s, down.length[y] - 1);
    float along = 0.0f;
    for (int t = 0; t < AreaWeights(across, x); ++t) {
      const int input = across.start[x] + std::min(t, across.length[x] - 1);
      along += weights[t] * static_cast<float>(picture.Pixel(input, line)[channel]);
    }
    sum += down_weights[s] * along;
  }
  return sum * AreaFactor(across, down);
}

}  // namespace regcore
