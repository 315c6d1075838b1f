// The weights of OpenCV's INTER_LANCZOS4.
#pragma once

#include <array>

namespace regcore {

inline constexpr int kLanczosTaps = 8;
using LanczosWeights = std::array<float, kLanczosTaps>;

// `past` in [0, 1]: how far the output's centre lies past the fourth of the eight inputs.
LanczosWeights LanczosWeightsAt(float past);

}  // namespace regcore
