// Built without floating-point contraction (see CMakeLists.txt), as TensorFlow's wheels are.
#include <algorithm>
#include <cmath>

#include "resample/tensorflow/axis.h"
#include "resample/tensorflow/plans.h"

namespace regcore {
namespace {

// The part of an input that lies in [begin, end), or the whole of a smaller output.
float ShareOf(int input, float begin, float end, float scale) {
  const float left = static_cast<float>(input);
  const float right = static_cast<float>(input + 1);
  if (left < begin) return right > end ? scale : right - begin;
  return right > end ? end - left : 1.0f;
}

}  // namespace

AxisPlan MakeTensorflowAreaPlan(int input_size, int output_size, int first, int count, Filter) {
  const float scale = TensorflowScale(input_size, output_size);
  const int taps = static_cast<int>(std::ceil(scale)) + 2;
  AxisPlan plan = EmptyTensorflowPlan(input_size, output_size, first, count, taps);
  for (size_t i = 0; i < plan.start.size(); ++i) {
    const float output = static_cast<float>(first + static_cast<int>(i));
    const float begin = output * scale;
    const float end = (output + 1.0f) * scale;
    const int from = static_cast<int>(std::floor(begin));
    const int to = static_cast<int>(std::ceil(end));
    float* weights = plan.float_weights.data() + i * static_cast<size_t>(taps);
    for (int input = from; input < to; ++input) *weights++ = ShareOf(input, begin, end, scale);
    plan.start[i] = from;
    plan.length[i] = std::min(to, input_size) - from;
  }
  return plan;
}

}  // namespace regcore
