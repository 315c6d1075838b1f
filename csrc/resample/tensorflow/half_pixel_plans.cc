// Built without floating-point contraction (see CMakeLists.txt), as TensorFlow's wheels are.
#include <algorithm>
#include <array>
#include <cmath>

#include "resample/tensorflow/axis.h"
#include "resample/tensorflow/plans.h"

namespace regcore {
namespace {

constexpr int kSteps = 1024;

// Keys's cubic at the distances i / kSteps and 1 + i / kSteps.
struct CubicTable {
  std::array<float, kSteps + 1> near;
  std::array<float, kSteps + 1> far;
};

CubicTable MakeCubicTable() {
  constexpr double a = -0.5;
  CubicTable table;
  for (size_t i = 0; i <= kSteps; ++i) {
    const double x = static_cast<double>(i) / kSteps;
    const double y = x + 1.0;
    table.near[i] = static_cast<float>(((a + 2) * x - (a + 3)) * x * x + 1);
    table.far[i] = static_cast<float>(((a * y - 5 * a) * y + 8 * a) * y - 4 * a);
  }
  return table;
}

}  // namespace

AxisPlan MakeTensorflowLinearPlan(int input_size, int output_size, int first, int count, Filter) {
  AxisPlan plan = EmptyTensorflowPlan(input_size, output_size, first, count, 1);
  const float scale = TensorflowScale(input_size, output_size);
  for (size_t i = 0; i < plan.start.size(); ++i) {
    const float position = TensorflowCentre(first + static_cast<int>(i), scale) - 0.5f;
    const float floor = std::floor(position);
    const int upper = std::min(static_cast<int>(std::ceil(position)), input_size - 1);
    plan.start[i] = std::max(static_cast<int>(floor), 0);
    if (upper == plan.start[i]) continue;
    plan.length[i] = 2;
    plan.float_weights[i] = position - floor;
  }
  return plan;
}

AxisPlan MakeTensorflowNearestPlan(int input_size, int output_size, int first, int count, Filter) {
  AxisPlan plan = EmptyTensorflowPlan(input_size, output_size, first, count, 1);
  const float scale = TensorflowScale(input_size, output_size);
  for (size_t i = 0; i < plan.start.size(); ++i) {
    const float centre = TensorflowCentre(first + static_cast<int>(i), scale);
    plan.start[i] = std::min(static_cast<int>(centre), input_size - 1);
    plan.float_weights[i] = 1.0f;
  }
  return plan;
}

// Inputs outside the picture are left out, and the other weights made larger for them.
AxisPlan MakeTensorflowCubicPlan(int input_size, int output_size, int first, int count, Filter) {
  const CubicTable table = MakeCubicTable();
  AxisPlan plan = EmptyTensorflowPlan(input_size, output_size, first, count, 4);
  const float scale = TensorflowScale(input_size, output_size);
  for (size_t i = 0; i < plan.start.size(); ++i) {
    const float position = TensorflowCentre(first + static_cast<int>(i), scale) - 0.5f;
    const float floor = std::floor(position);
    const size_t step = static_cast<size_t>(std::lrint((position - floor) * float{kSteps}));
    const float taps[4] = {table.far[step], table.near[step], table.near[kSteps - step],
                           table.far[kSteps - step]};
    const int window = static_cast<int>(floor) - 1;
    const int begin = std::max(window, 0);
    const int end = std::min(window + 4, input_size);
    float sum = 0.0f;
    for (int t = begin; t < end; ++t) sum += taps[t - window];
    const float inverse = 1.0f / sum;
    plan.start[i] = begin;
    plan.length[i] = end - begin;
    float* weights = plan.float_weights.data() + 4 * i;
    for (int t = begin; t < end; ++t) *weights++ = taps[t - window] * inverse;
  }
  return plan;
}

}  // namespace regcore
