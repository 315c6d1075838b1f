#include "resample/torch/axis_plan.h"

#include <algorithm>
#include <cmath>

#include "resample/torch/axis_windows.h"
#include "resample/torch/plain_windows.h"

namespace regcore {
namespace {

constexpr double kInt16Limit = 1 << 15;

// One input for each output, in float32: as torch has mode "nearest", without half a pixel,
// "nearest-exact", with it, and what it leaves as it is.
AxisPlan MakePickingPlan(int input_size, int output_size, int first, int count, Filter filter) {
  const double centre = filter == Filter::kNearestExact ? 0.5 : 0.0;
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, 1);
  const float scale = static_cast<float>(input_size) / static_cast<float>(output_size);
  for (int i = 0; i < count; ++i) {
    const double place = (first + i + centre) * double{scale};
    const int input = static_cast<int>(std::floor(static_cast<float>(place)));
    plan.start[static_cast<size_t>(i)] = std::min(input, input_size - 1);
  }
  return plan;
}

bool Picks(int input_size, int output_size, Filter filter) {
  return filter == Filter::kNearest || filter == Filter::kNearestExact || input_size == output_size;
}

double HeaviestOf(const TorchWindows<double>& windows, int output) {
  int start = 0;
  std::vector<double> weights;
  windows.Weights(output, &start, &weights);
  return *std::max_element(weights.begin(), weights.end());
}

double HeaviestOf(const TorchPlainWindows& windows, int output) { return windows.Heaviest(output); }

// Fraction bits of the axis: no weight rounds to more than an int16.
template <typename Windows>
int WeightBits(const Windows& windows, int output_size) {
  double heaviest = 0;
  for (int i = 0; i < output_size; ++i) heaviest = std::max(heaviest, HeaviestOf(windows, i));
  int bits = 0;
  while (bits < kWeightBits && std::floor(0.5 + std::ldexp(heaviest, bits + 1)) < kInt16Limit) {
    ++bits;
  }
  return bits;
}

int32_t ToFixedPoint(double weight, int bits) {
  const double scaled = std::ldexp(weight, bits);
  const auto rounded = static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  return rounded * (1 << (kWeightBits - bits));
}

// store(value, index) takes each weight of the plan.
template <typename Real, typename Windows, typename Store>
void FillWindows(const Windows& windows, const Store& store, AxisPlan* plan) {
  std::vector<Real> weights;
  for (int i = 0; i < plan->count; ++i) {
    const size_t output = static_cast<size_t>(i);
    plan->length[output] = windows.Weights(plan->first + i, &plan->start[output], &weights);
    const size_t begin = output * static_cast<size_t>(plan->taps);
    for (size_t t = 0; t < weights.size(); ++t) store(weights[t], begin + t);
  }
}

template <typename Windows>
AxisPlan MakeIntegerPlan(int input_size, int output_size, int first, int count, Filter filter) {
  if (Picks(input_size, output_size, filter)) {
    AxisPlan plan = MakePickingPlan(input_size, output_size, first, count, filter);
    plan.weights.assign(static_cast<size_t>(count), 1 << kWeightBits);
    return plan;
  }
  const Windows windows(input_size, output_size, filter);
  const int taps = std::min(windows.taps(), input_size);
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, taps);
  plan.weights.assign(static_cast<size_t>(count) * static_cast<size_t>(plan.taps), 0);
  const int bits = WeightBits(windows, output_size);
  const auto store = [&](double weight, size_t i) { plan.weights[i] = ToFixedPoint(weight, bits); };
  FillWindows<double>(windows, store, &plan);
  return plan;
}

}  // namespace

AxisPlan MakeTorchPlan(int input_size, int output_size, int first, int count, Filter filter) {
  return MakeIntegerPlan<TorchWindows<double>>(input_size, output_size, first, count, filter);
}

AxisPlan MakeTorchPlainPlan(int input_size, int output_size, int first, int count, Filter filter) {
  return MakeIntegerPlan<TorchPlainWindows>(input_size, output_size, first, count, filter);
}

AxisPlan MakeTorchFloatPlan(int input_size, int output_size, int first, int count, Filter filter) {
  if (Picks(input_size, output_size, filter)) {
    AxisPlan plan = MakePickingPlan(input_size, output_size, first, count, filter);
    plan.float_weights.assign(static_cast<size_t>(count), 1.0f);
    return plan;
  }
  const TorchWindows<float> windows(input_size, output_size, filter);
  const int taps = std::min(windows.taps(), input_size);
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, taps);
  plan.float_weights.assign(static_cast<size_t>(count) * static_cast<size_t>(plan.taps), 0.0f);
  FillWindows<float>(
      windows, [&](float weight, size_t i) { plan.float_weights[i] = weight; }, &plan);
  return plan;
}

}  // namespace regcore
