// Built without floating-point contraction (see CMakeLists.txt): fused are those multiply-adds that
// the compiler of torch's wheels fuses, and no others.
#include "resample/torch/axis_windows.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace regcore {
namespace {

template <typename Real>
Real Bilinear(Real x) {
  x = std::fabs(x);
  return x < 1 ? 1 - x : Real{0};
}

template <typename Real>
Real Bicubic(Real x) {
  constexpr Real a = -0.5;
  x = std::fabs(x);
  if (x < 1) return std::fma(x, x * std::fma(a + 2, x, -(a + 3)), Real{1});
  if (x < 2) return std::fma(x, std::fma(x, std::fma(a, x, -5 * a), 8 * a), -4 * a);
  return 0;
}

template <typename Real>
Real Sinc(Real x) {
  if (x == 0) return 1;
  x *= std::numbers::pi_v<Real>;
  return std::sin(x) / x;
}

// Its second factor is a double even where the first one is a float.
template <typename Real>
Real Lanczos(Real x) {
  x = std::fabs(x);
  if (!(x < 3)) return 0;
  return static_cast<Real>(double{Sinc(x)} * Sinc(double{x} / 3.0));
}

double SupportOf(Filter filter) {
  return filter == Filter::kBilinear ? 1.0 : filter == Filter::kLanczos ? 3.0 : 2.0;
}

}  // namespace

template <typename Real>
TorchWindows<Real>::TorchWindows(int input_size, int output_size, Filter filter)
    : input_size_(input_size),
      curve_(filter == Filter::kBilinear  ? Bilinear<Real>
             : filter == Filter::kLanczos ? Lanczos<Real>
                                          : Bicubic<Real>),
      scale_(static_cast<Real>(input_size) / static_cast<Real>(output_size)),
      inverse_scale_(scale_ >= 1 ? 1 / scale_ : Real{1}),
      support_(static_cast<Real>(scale_ >= 1 ? SupportOf(filter) * scale_ : SupportOf(filter))),
      taps_(static_cast<int>(std::ceil(support_)) * 2 + 1) {}

// Every 0.5 is a double, also among floats.
template <typename Real>
int TorchWindows<Real>::Weights(int i, int* start, std::vector<Real>* weights) const {
  const Real center = static_cast<Real>(double{scale_} * (i + 0.5));
  *start = std::max(static_cast<int>(double{center - support_} + 0.5), 0);
  const int end = std::min(static_cast<int>(double{center + support_} + 0.5), input_size_);
  const int length = std::clamp(end - *start, 1, taps_);
  weights->resize(static_cast<size_t>(length));
  Real sum = 0;
  for (int t = 0; t < length; ++t) {
    const double x = double{static_cast<Real>(*start + t) - center} + 0.5;
    const Real weight = curve_(static_cast<Real>(x * double{inverse_scale_}));
    (*weights)[static_cast<size_t>(t)] = weight;
    sum += weight;
  }
  if (sum != 0) {
    for (Real& weight : *weights) weight /= sum;
  }
  return length;
}

template class TorchWindows<float>;
template class TorchWindows<double>;

}  // namespace regcore
