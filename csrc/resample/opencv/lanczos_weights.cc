// Built without floating-point contraction (see CMakeLists.txt): OpenCV's weights are in float, of
// one sine and one cosine in double.
#include "resample/opencv/lanczos_weights.h"

#include <cmath>
#include <numbers>

namespace regcore {

LanczosWeights LanczosWeightsAt(float past) {
  constexpr double kEighth = std::numbers::sqrt2 / 2;
  // The sine at each tap is that at the first one, turned by eighths of a circle.
  constexpr double kTurns[kLanczosTaps][2] = {
      {1, 0},  {-kEighth, -kEighth}, {0, 1},  {kEighth, -kEighth},
      {-1, 0}, {kEighth, kEighth},   {0, -1}, {-kEighth, kEighth},
  };
  const double angle = -(past + 3.0f) * std::numbers::pi * 0.25;
  const double sine = std::sin(angle);
  const double cosine = std::cos(angle);
  LanczosWeights weights;
  float sum = 0;
  for (size_t tap = 0; tap < weights.size(); ++tap) {
    const float distance = past + 3.0f - static_cast<float>(tap);
    if (std::fabs(distance) >= 1e-6f) {
      const double y = -distance * std::numbers::pi * 0.25;
      weights[tap] =
          static_cast<float>((kTurns[tap][0] * sine + kTurns[tap][1] * cosine) / (y * y));
    } else {
      weights[tap] = 1e30f;  // so that all else vanishes beside it
    }
    sum += weights[tap];
  }
  const float scale = 1.0f / sum;
  for (float& weight : weights) weight *= scale;
  return weights;
}

}  // namespace regcore
