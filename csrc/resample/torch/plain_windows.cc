// Built without floating-point contraction (see CMakeLists.txt).
#include "resample/torch/plain_windows.h"

#include <algorithm>
#include <cmath>

namespace regcore {
namespace {

constexpr int kLinearTaps = 2;
constexpr int kCubicTaps = 4;

// At a distance of `x` >= 0; OpenCV's cubic, not that of the antialiased resize.
double Cubic(double x) {
  constexpr double a = -0.75;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

}  // namespace

TorchPlainWindows::TorchPlainWindows(int input_size, int output_size, Filter filter)
    : input_size_(input_size),
      scale_(static_cast<double>(input_size) / output_size),
      taps_(filter == Filter::kBilinear ? kLinearTaps : kCubicTaps) {}

int TorchPlainWindows::Weights(int i, int* start, std::vector<double>* weights) const {
  const bool is_linear = taps_ == kLinearTaps;
  double centre = scale_ * (i + 0.5) - 0.5;
  if (is_linear) centre = std::max(centre, 0.0);
  const double floor = std::floor(centre);
  const double past = centre - floor;
  const double linear[] = {1 - past, past};
  const double cubic[] = {Cubic(past + 1), Cubic(past), Cubic(1 - past), Cubic(2 - past)};
  const int first = static_cast<int>(floor) - (taps_ / 2 - 1);
  const auto input = [&](int tap) { return std::clamp(first + tap, 0, input_size_ - 1); };
  *start = input(0);
  weights->assign(static_cast<size_t>(input(taps_ - 1) + 1 - *start), 0.0);
  for (int tap = 0; tap < taps_; ++tap) {
    (*weights)[static_cast<size_t>(input(tap) - *start)] += is_linear ? linear[tap] : cubic[tap];
  }
  return static_cast<int>(weights->size());
}

}  // namespace regcore
