// Built without floating-point contraction (see CMakeLists.txt), as TensorFlow's wheels are.
#include <algorithm>
#include <cmath>

#include "resample/tensorflow/axis.h"
#include "resample/tensorflow/plans.h"

namespace regcore {
namespace {

float Triangle(float x) { return x < 1.0f ? 1.0f - x : 0.0f; }

float KeysCubic(float x) {
  if (x >= 2.0f) return 0.0f;
  if (x >= 1.0f) return ((-0.5f * x + 2.5f) * x - 4.0f) * x + 2.0f;
  return ((1.5f * x - 2.5f) * x) * x + 1.0f;
}

template <int kLobes>
float Lanczos(float x) {
  constexpr float kPi = 3.14159265359f;
  constexpr float kRadius = kLobes;
  if (x > kRadius) return 0.0f;
  if (x <= 1e-3) return 1.0f;
  return kRadius * std::sin(kPi * x) * std::sin(kPi * x / kRadius) / (kPi * kPi * x * x);
}

constexpr float kGaussianRadius = 1.5f;

float Gaussian(float x) {
  constexpr float kSigma = kGaussianRadius / 3.0f;
  if (x >= kGaussianRadius) return 0.0f;
  return static_cast<float>(std::exp(double{-x * x} / (2.0 * double{kSigma} * double{kSigma})));
}

float MitchellCubic(float x) {
  if (x >= 2.0f) return 0.0f;
  if (x >= 1.0f) {
    return (((-7.0f / 18.0f) * x + 2.0f) * x - 10.0f / 3.0f) * x + 16.0f / 9.0f;
  }
  return (((7.0f / 6.0f) * x - 2.0f) * x) * x + 8.0f / 9.0f;
}

struct Kernel {
  float (*weight)(float x);  // of a distance >= 0
  float radius;
};

Kernel KernelOf(Filter filter) {
  switch (filter) {
    case Filter::kBicubic:
      return {KeysCubic, 2.0f};
    case Filter::kLanczos:
      return {Lanczos<3>, 3.0f};
    case Filter::kLanczos5:
      return {Lanczos<5>, 5.0f};
    case Filter::kGaussian:
      return {Gaussian, kGaussianRadius};
    case Filter::kMitchell:
      return {MitchellCubic, 2.0f};
    default:
      return {Triangle, 1.0f};
  }
}

AxisPlan MakePlan(int input_size, int output_size, int first, int count, Filter filter,
                  bool antialias) {
  const Kernel kernel = KernelOf(filter);
  // The scale is handed over as a float, and turned round again.
  const float inverse = static_cast<float>(1.0 / TensorflowScale(output_size, input_size));
  const float width = antialias ? std::max(inverse, 1.0f) : 1.0f;
  const float narrow = 1.0f / width;
  const float reach = kernel.radius * width;
  const int taps = std::min(2 * static_cast<int>(std::ceil(reach)) + 1, input_size);
  AxisPlan plan = EmptyTensorflowPlan(input_size, output_size, first, count, taps);
  for (size_t i = 0; i < plan.start.size(); ++i) {
    const float centre = TensorflowCentre(first + static_cast<int>(i), inverse);
    const auto inside = [&](float edge) {
      return std::clamp(static_cast<int>(edge), 0, input_size - 1);
    };
    const int begin = inside(std::ceil(centre - reach - 0.5f));
    const int end = inside(std::floor(centre + reach - 0.5f)) + 1;
    float* const weights = plan.float_weights.data() + i * static_cast<size_t>(taps);
    float sum = 0.0f;
    for (int t = begin; t < end; ++t) {
      const float distance = static_cast<float>(t) + 0.5f - centre;
      weights[t - begin] = kernel.weight(std::fabs(distance * narrow));
      sum += weights[t - begin];
    }
    const float share = 1.0f / sum;
    for (int t = 0; t < end - begin; ++t) weights[t] *= share;
    plan.start[i] = begin;
    plan.length[i] = end - begin;
  }
  return plan;
}

}  // namespace

AxisPlan MakeTensorflowScaledPlan(int input_size, int output_size, int first, int count,
                                  Filter filter) {
  return MakePlan(input_size, output_size, first, count, filter, false);
}

AxisPlan MakeTensorflowAntialiasPlan(int input_size, int output_size, int first, int count,
                                     Filter filter) {
  return MakePlan(input_size, output_size, first, count, filter, true);
}

}  // namespace regcore
