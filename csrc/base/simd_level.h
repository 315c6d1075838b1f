// Which instruction set the kernels use: detected, forceable, printable.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace regcore {

// In ascending order for each kind of processor: whoever runs a level runs the ones below it, so
// that a family of kernels that gains nothing by a level uses those of the level below.
enum class SimdLevel {
  kPortable = 0,
  kNeon,
  kNeonDotprod,
  kAvx2,
  kAvx512,
  kAvx512Vnni,
  kAvx512Vbmi
};

// "portable"; "neon", "neondotprod" (with the dot products of Armv8.2: Kunpeng 920, Neoverse N1);
// "avx2" (with FMA, F16C, BMI and BMI2), "avx512" (F, BW, VL and DQ: Skylake-X), "avx512vnni" (with
// VNNI: Cascade Lake), "avx512vbmi" (with VBMI as well: Ice Lake, Zen 4).
const char* SimdName(SimdLevel level);

// The levels that this processor runs and this build contains, slowest first.
std::vector<SimdLevel> SupportedSimdLevels();

// The best supported level if `forced` is null or empty, otherwise the level of that name; an
// unknown or unsupported name is an error that lists the supported ones.
Status ResolveSimdLevel(const char* forced, SimdLevel* level);

}  // namespace regcore
