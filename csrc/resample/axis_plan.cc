// Built without floating-point contraction (see CMakeLists.txt): a fused multiply-add would round
// differently from Pillow.
#include "resample/axis_plan.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace regcore {
namespace {

double Box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double Bilinear(double x) {
  x = std::fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double Hamming(double x) {
  x = std::fabs(x);
  if (x == 0.0) return 1.0;
  if (x >= 1.0) return 0.0;
  x *= std::numbers::pi;
  return std::sin(x) / x * (0.54f + 0.46f * std::cos(x));  // Pillow's constants are floats
}

double Bicubic(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

double Sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double Lanczos(double x) { return x >= -3.0 && x < 3.0 ? Sinc(x) * Sinc(x / 3.0) : 0.0; }

// Magic Kernel Sharp, by its author's pieces; Pillow's pow(x, 2) is a square to every compiler.
double Mks2013(double x) {
  const auto square = [](double y) { return y * y; };
  x = std::fabs(x);
  if (x < 0.5) return 17.0 / 16.0 - 7.0 / 4.0 * square(x);
  if (x < 1.5) return (1.0 - x) * (7.0 / 4.0 - x);
  if (x < 2.5) return -1.0 / 8.0 * square(x - 5.0 / 2.0);
  return 0.0;
}

double Mks2021(double x) {
  const auto square = [](double y) { return y * y; };
  x = std::fabs(x);
  if (x < 0.5) return 577.0 / 576.0 - 239.0 / 144.0 * square(x);
  if (x < 1.5) return 35.0 / 36.0 * (x - 1.0) * (x - 239.0 / 140.0);
  if (x < 2.5) return 1.0 / 6.0 * (x - 2.0) * (65.0 / 24.0 - x);
  if (x < 3.5) return 1.0 / 36.0 * (x - 3.0) * (x - 15.0 / 4.0);
  if (x < 4.5) return -1.0 / 288.0 * square(x - 9.0 / 2.0);
  return 0.0;
}

struct Kernel {
  double (*weight)(double x);
  double support;  // in input pixels at scale 1
};

Kernel KernelOf(Filter filter) {
  switch (filter) {
    case Filter::kBox:
      return {Box, 0.5};
    case Filter::kBilinear:
      return {Bilinear, 1.0};
    case Filter::kHamming:
      return {Hamming, 1.0};
    case Filter::kBicubic:
      return {Bicubic, 2.0};
    case Filter::kLanczos:
      return {Lanczos, 3.0};
    case Filter::kMks2013:
      return {Mks2013, 2.5};
    case Filter::kMks2021:
      return {Mks2021, 4.5};
    case Filter::kNearest:
    case Filter::kArea:
    case Filter::kNearestExact:
    case Filter::kLanczos5:
    case Filter::kGaussian:
    case Filter::kMitchell:
      break;
  }
  return {Bicubic, 2.0};
}

int32_t ToFixedPoint(double weight) {
  const double scaled = weight * (1 << kWeightBits);
  return static_cast<int32_t>(weight < 0 ? scaled - 0.5 : scaled + 0.5);  // toward zero, as C
}

// As float minus float, as Pillow has it.
double Scale(AxisBox box, int output_size) {
  return static_cast<double>(box.end - box.begin) / output_size;
}

// One input for each output, with a weight of one.
AxisPlan MakeNearestPlan(int input_size, AxisBox box, int output_size, int first, int count) {
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, 1);
  plan.weights.assign(plan.start.size(), 1 << kWeightBits);
  const double scale = Scale(box, output_size);
  double position = box.begin + scale * 0.5;
  for (int i = 0; i < first + count; ++i) {
    if (i >= first) {
      const size_t output = static_cast<size_t>(i - first);
      const int input = static_cast<int>(position);
      plan.start[output] = std::min(input, input_size - 1);
      if (input >= input_size) plan.weights[output] = 0;  // an empty box at the end: black
    }
    position += scale;  // Pillow adds up, too, and so does its rounding
  }
  return plan;
}

}  // namespace

bool VerticalFirst(PassOrder order, int width, int height, int resized_width, int resized_height) {
  const int64_t shrink = int64_t{height} - resized_height;
  return order == PassOrder::kPillow13 && shrink > 0 &&
         shrink > 2 * (int64_t{width} - resized_width);
}

double FilterSupport(Filter filter) { return KernelOf(filter).support; }

std::vector<uint8_t> ReadInputs(const AxisPlan& plan) {
  std::vector<uint8_t> read(static_cast<size_t>(plan.input_end() - plan.input_begin()), 0);
  for (size_t i = 0; i < plan.start.size(); ++i) {
    std::fill_n(read.begin() + (plan.start[i] - plan.input_begin()), plan.length[i], uint8_t{1});
  }
  if (std::find(read.begin(), read.end(), 0) == read.end()) read.clear();
  return read;
}

AxisPlan MakeEmptyPlan(int input_size, int output_size, int first, int count, int taps) {
  AxisPlan plan;
  plan.input_size = input_size;
  plan.output_size = output_size;
  plan.first = first;
  plan.count = count;
  plan.taps = taps;
  plan.start.resize(static_cast<size_t>(count));
  plan.length.assign(static_cast<size_t>(count), taps);
  return plan;
}

AxisPlan MakeAxisPlan(int input_size, int output_size, int first, int count, Filter filter) {
  const AxisBox whole = {0, static_cast<float>(input_size)};
  return MakeAxisPlan(input_size, whole, output_size, first, count, filter);
}

AxisPlan MakeAxisPlan(int input_size, AxisBox box, int output_size, int first, int count,
                      Filter filter) {
  if (filter == Filter::kNearest) {
    return MakeNearestPlan(input_size, box, output_size, first, count);
  }
  const Kernel kernel = KernelOf(filter);
  const double scale = Scale(box, output_size);
  const double filter_scale = std::max(scale, 1.0);
  const double support = kernel.support * filter_scale;
  const double inverse_scale = 1.0 / filter_scale;

  const int taps = std::min(static_cast<int>(std::ceil(support)) * 2 + 1, input_size);
  AxisPlan plan = MakeEmptyPlan(input_size, output_size, first, count, taps);
  const size_t outputs = plan.start.size();
  plan.weights.assign(outputs * static_cast<size_t>(plan.taps), 0);

  std::vector<double> weights(static_cast<size_t>(plan.taps));
  for (size_t i = 0; i < outputs; ++i) {
    const double center = box.begin + (first + static_cast<int>(i) + 0.5) * scale;
    const int begin = std::max(static_cast<int>(center - support + 0.5), 0);
    const int end = std::min(static_cast<int>(center + support + 0.5), input_size);
    const int length = end - begin;
    double sum = 0.0;
    for (int t = 0; t < length; ++t) {
      const double w = kernel.weight((t + begin - center + 0.5) * inverse_scale);
      weights[static_cast<size_t>(t)] = w;
      sum += w;
    }
    int32_t* fixed = plan.weights.data() + i * static_cast<size_t>(plan.taps);
    for (int t = 0; t < length; ++t) {
      double w = weights[static_cast<size_t>(t)];
      if (sum != 0.0) w /= sum;
      fixed[t] = ToFixedPoint(w);
    }
    // An empty box at the end reaches no input: one of weight zero is as good.
    plan.start[i] = length > 0 ? begin : input_size - 1;
    plan.length[i] = std::max(length, 1);
  }
  return plan;
}

}  // namespace regcore
