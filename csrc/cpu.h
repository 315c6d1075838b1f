// Which instruction set the kernels use: detected, forceable, printable.
#pragma once

#include <string>
#include <vector>

#include "status.h"

namespace regcore {

enum class SimdLevel { kPortable = 0, kNeon, kAvx2, kAvx512 };

// "portable", "neon", "avx2" (with FMA and F16C), "avx512" (with BW, VL, DQ, VBMI and VNNI: Ice
// Lake, Zen 4 and newer).
const char* SimdName(SimdLevel level);

// The levels that this processor runs and this build contains, slowest first.
std::vector<SimdLevel> SupportedSimdLevels();

// The best supported level if `forced` is null or empty, otherwise the level of that name; an
// unknown or unsupported name is an error that lists the supported ones.
Status ResolveSimdLevel(const char* forced, SimdLevel* level);

}  // namespace regcore
