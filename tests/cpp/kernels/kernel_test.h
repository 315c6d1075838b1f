// The frame of the kernel tests: one instance of a test for each SIMD level, and how many cases.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "base/simd_level.h"
#include "resample/axis_plan.h"

namespace regcore {

inline constexpr Filter kFilters[] = {Filter::kBox,     Filter::kBilinear, Filter::kHamming,
                                      Filter::kBicubic, Filter::kLanczos,  Filter::kNearest,
                                      Filter::kMks2013, Filter::kMks2021};

// GoogleTest prints a level by its name.
inline void PrintTo(SimdLevel level, std::ostream* out) { *out << SimdName(level); }

// A test that runs once for each level; its full name ends in the level's: .../avx2.
class LevelTest : public testing::TestWithParam<SimdLevel> {
 protected:
  static SimdLevel level() { return GetParam(); }
};

inline std::string LevelName(const testing::TestParamInfo<SimdLevel>& info) {
  return SimdName(info.param);
}

// The levels of this build and machine that can be compared with the portable kernels.
inline std::vector<SimdLevel> VectorLevels() {
  const std::vector<SimdLevel> all = SupportedSimdLevels();
  return {all.begin() + 1, all.end()};
}

// `quick` if kernel_test was started with --quick, which emulators need, else `full`.
int Cases(int quick, int full);

}  // namespace regcore
