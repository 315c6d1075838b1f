// Built without floating-point contraction (see CMakeLists.txt): a fused multiply-add would round
// differently from OpenCV.
#include "resample/opencv/plans.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "resample/opencv/lanczos_weights.h"

namespace regcore {
namespace {

constexpr float kOne = 1 << kOpencvBits;

// To nearest, ties to even, as cvRound.
int32_t FixedPoint(float weight) { return static_cast<int32_t>(std::lrint(weight * kOne)); }

double InverseScale(int input_size, int output_size) {
  return static_cast<double>(output_size) / input_size;
}

// The input before an output's centre, or at it, and how far the centre lies past it.
struct Place {
  int input;
  float past;
};

Place CentrePlace(int input_size, int output_size, int output) {
  const double scale = OpencvScale(input_size, output_size);
  const float centre = static_cast<float>((output + 0.5) * scale - 0.5);
  const float floor = std::floor(centre);
  return {static_cast<int>(floor), centre - floor};
}

// How the emulation of INTER_AREA places an output that is smaller than an input.
Place CellPlace(int input_size, int output_size, int output) {
  const double scale = OpencvScale(input_size, output_size);
  const int input = static_cast<int>(std::floor(output * scale));
  const float past =
      static_cast<float>((output + 1) - (input + 1) * InverseScale(input_size, output_size));
  return {input, past <= 0 ? 0.0f : past - std::floor(past)};
}

template <Place (*kPlace)(int, int, int), bool kColumns>
AxisPlan LinearPlan(int input_size, int output_size, int first, int count) {
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, 2);
  plan.weights.resize(2 * static_cast<size_t>(count));
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    Place place = kPlace(input_size, output_size, first + static_cast<int>(i));
    if (kColumns && (place.input < 0 || place.input >= input_size - 1)) place.past = 0;
    const int begin = std::clamp(place.input, 0, input_size - 1);
    const int end = std::clamp(place.input + 1, 0, input_size - 1) + 1;
    plan.start[i] = begin;
    plan.length[i] = end - begin;
    plan.weights[2 * i] = FixedPoint(1.0f - place.past);
    plan.weights[2 * i + 1] = FixedPoint(place.past);
  }
  return plan;
}

// The input of a tap of an even number of taps around a place.
template <int kTaps>
int TapOf(Place place, int tap, int input_size) {
  return std::clamp(place.input + tap - (kTaps / 2 - 1), 0, input_size - 1);
}

std::array<float, kCubicTaps> CubicWeightsAt(float x) {
  constexpr float a = -0.75f;
  const auto far = [&](float d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  const auto near = [&](float d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const float weights[] = {far(x + 1), near(x), near(1 - x)};
  return {weights[0], weights[1], weights[2], 1.0f - weights[0] - weights[1] - weights[2]};
}

// Weights of as many inputs as kWeightsAt gives, those of the same input added up.
template <auto kWeightsAt>
AxisPlan WindowPlan(int input_size, int output_size, int first, int count) {
  constexpr int kTaps = static_cast<int>(std::tuple_size_v<decltype(kWeightsAt(0.0f))>);
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, std::min(kTaps, input_size));
  plan.weights.resize(static_cast<size_t>(count) * static_cast<size_t>(plan.taps));
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const Place place = CentrePlace(input_size, output_size, first + static_cast<int>(i));
    const auto weights = kWeightsAt(place.past);
    const auto input = [&](int tap) { return TapOf<kTaps>(place, tap, input_size); };
    plan.start[i] = input(0);
    plan.length[i] = input(kTaps - 1) + 1 - input(0);
    int32_t* const fixed = plan.weights.data() + i * static_cast<size_t>(plan.taps);
    for (int tap = 0; tap < kTaps; ++tap) {
      fixed[input(tap) - input(0)] += FixedPoint(weights[static_cast<size_t>(tap)]);
    }
  }
  return plan;
}

}  // namespace

double OpencvScale(int input_size, int output_size) {
  return 1.0 / InverseScale(input_size, output_size);
}

AxisPlan OpencvNearestPlan(int input_size, int output_size, int first, int count, Filter) {
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, 1);
  const double scale = OpencvScale(input_size, output_size);
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const int output = first + static_cast<int>(i);
    plan.start[i] = std::min(static_cast<int>(std::floor(output * scale)), input_size - 1);
  }
  return plan;
}

AxisPlan OpencvLinearColumns(int input_size, int output_size, int first, int count, Filter) {
  return LinearPlan<CentrePlace, true>(input_size, output_size, first, count);
}

AxisPlan OpencvLinearRows(int input_size, int output_size, int first, int count, Filter) {
  return LinearPlan<CentrePlace, false>(input_size, output_size, first, count);
}

AxisPlan OpencvEnlargingColumns(int input_size, int output_size, int first, int count, Filter) {
  return LinearPlan<CellPlace, true>(input_size, output_size, first, count);
}

AxisPlan OpencvEnlargingRows(int input_size, int output_size, int first, int count, Filter) {
  return LinearPlan<CellPlace, false>(input_size, output_size, first, count);
}

AxisPlan OpencvAreaPlan(int input_size, int output_size, int first, int count, Filter) {
  constexpr double kNothing = 1e-3;  // what an output covers less of does not count
  const double scale = OpencvScale(input_size, output_size);
  const int taps = std::min(static_cast<int>(std::ceil(scale)) + 1, input_size);
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, taps);
  plan.float_weights.resize(static_cast<size_t>(count) * static_cast<size_t>(taps));
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const double left = (first + static_cast<int>(i)) * scale;
    const double right = left + scale;
    const double width = std::min(scale, input_size - left);
    const int end = std::min(static_cast<int>(std::floor(right)), input_size - 1);
    const int begin = std::min(static_cast<int>(std::ceil(left)), end);
    float* const weights = plan.float_weights.data() + i * static_cast<size_t>(taps);
    int length = 0;
    plan.start[i] = begin;
    if (begin - left > kNothing) {
      plan.start[i] = begin - 1;
      weights[length++] = static_cast<float>((begin - left) / width);
    }
    for (int input = begin; input < end; ++input) {
      weights[length++] = static_cast<float>(1.0 / width);
    }
    if (right - end > kNothing) {
      weights[length++] = static_cast<float>(std::min({right - end, 1.0, width}) / width);
    }
    plan.length[i] = length;
  }
  return plan;
}

AxisPlan OpencvBoxPlan(int input_size, int output_size, int first, int count, Filter) {
  const int taps = input_size / output_size;
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, taps);
  plan.float_weights.assign(static_cast<size_t>(count) * static_cast<size_t>(taps), 1.0f);
  for (int i = 0; i < count; ++i) plan.start[static_cast<size_t>(i)] = (first + i) * taps;
  return plan;
}

AxisPlan OpencvLanczosPlan(int input_size, int output_size, int first, int count, Filter) {
  return WindowPlan<LanczosWeightsAt>(input_size, output_size, first, count);
}

AxisPlan OpencvCubicColumns(int input_size, int output_size, int first, int count, Filter) {
  return WindowPlan<CubicWeightsAt>(input_size, output_size, first, count);
}

AxisPlan OpencvCubicRows(int input_size, int output_size, int first, int count, Filter) {
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, kCubicTaps);
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const int output = first + static_cast<int>(i);
    const auto input = [&](int tap) {
      return OpencvCubicInput(input_size, output_size, output, tap);
    };
    plan.start[i] = input(0);
    plan.length[i] = input(kCubicTaps - 1) + 1 - input(0);
    for (float weight : CubicWeightsAt(CentrePlace(input_size, output_size, output).past)) {
      plan.weights.push_back(FixedPoint(weight));
    }
  }
  return plan;
}

int OpencvCubicInput(int input_size, int output_size, int output, int tap) {
  return TapOf<kCubicTaps>(CentrePlace(input_size, output_size, output), tap, input_size);
}

}  // namespace regcore
