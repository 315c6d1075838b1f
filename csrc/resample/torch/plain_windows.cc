// Built without floating-point contraction (see CMakeLists.txt).
#include "resample/torch/plain_windows.h"

#include <algorithm>
#include <cmath>

namespace regcore {
namespace {

constexpr int kLinearTaps = 2;

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
      taps_(filter == Filter::kBilinear ? kLinearTaps : kMaxTaps) {}

int TorchPlainWindows::Taps(int i, double weights[kMaxTaps]) const {
  double centre = scale_ * (i + 0.5) - 0.5;
  if (taps_ == kLinearTaps) centre = std::max(centre, 0.0);
  const double floor = std::floor(centre);
  const double past = centre - floor;
  if (taps_ == kLinearTaps) {
    weights[0] = 1 - past;
    weights[1] = past;
  } else {
    const double distances[] = {past + 1, past, 1 - past, 2 - past};
    for (int tap = 0; tap < kMaxTaps; ++tap) weights[tap] = Cubic(distances[tap]);
  }
  return static_cast<int>(floor) - (taps_ / 2 - 1);
}

int TorchPlainWindows::Weights(int i, int* start, std::vector<double>* weights) const {
  double taps[kMaxTaps];
  const int first = Taps(i, taps);
  const auto input = [&](int tap) { return std::clamp(first + tap, 0, input_size_ - 1); };
  *start = input(0);
  weights->assign(static_cast<size_t>(input(taps_ - 1) + 1 - *start), 0.0);
  for (int tap = 0; tap < taps_; ++tap) {
    (*weights)[static_cast<size_t>(input(tap) - *start)] += taps[tap];
  }
  return static_cast<int>(weights->size());
}

double TorchPlainWindows::Heaviest(int i) const {
  double taps[kMaxTaps];
  const int first = Taps(i, taps);
  double heaviest = 0;
  double weight = 0;
  int last = -1;
  for (int tap = 0; tap < taps_; ++tap) {
    const int input = std::clamp(first + tap, 0, input_size_ - 1);
    weight = input == last ? weight + taps[tap] : taps[tap];
    heaviest = std::max(heaviest, weight);
    last = input;
  }
  return heaviest;
}

}  // namespace regcore
