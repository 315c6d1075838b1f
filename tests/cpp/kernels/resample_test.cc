// The resample kernels on buffers that have exactly the size that kernels.h promises.
#include <iterator>
#include <vector>

#include "kernels/kernel_test.h"
#include "kernels/resample_case.h"
#include "random.h"
#include "resample/kernels.h"

namespace regcore {
namespace {

AxisPlan PlanOf(const Axis& axis, Filter filter) {
  return MakeAxisPlan(axis.input, axis.output, axis.first, axis.count, filter);
}

void CheckCase(SimdLevel level, ResampleCase c, Random* random) {
  const AxisPlan x = PlanOf(c.x, c.filter);
  const AxisPlan y = PlanOf(c.y, c.filter);
  const int first = random->Between(0, 1) * random->Between(0, y.count - 1);
  for (int channels : {1, 3, 4}) {
    c.channels = channels;
    const SourceImage image(c, x, y, random);
    const auto by = [&](SimdLevel kernel) {
      return Resample(ResampleKernelFor(kernel, channels), channels, x, y, image.view(), first);
    };
    const std::vector<uint8_t> expected = by(SimdLevel::kPortable);
    const std::vector<uint8_t> actual = by(level);
    EXPECT_TRUE(!expected.empty() && actual == expected)
        << "resample " << SimdName(level) << " " << c.Text() << " from " << first;
  }
}

class ResampleTest : public LevelTest {};
INSTANTIATE_TEST_SUITE_P(Levels, ResampleTest, testing::ValuesIn(VectorLevels()), LevelName);

TEST_P(ResampleTest, SmallSizesEqualPortable) {
  Random random(1);
  for (Filter filter : kFilters) {
    for (int input = 1; input <= 12; ++input) {
      for (int output = 1; output <= 12; ++output) {
        const Axis x = {input, output, 0, output};
        const Axis y = {13 - input, 13 - output, 0, 13 - output};
        CheckCase(level(), {x, y, filter, Pixels::kRandom}, &random);
      }
    }
  }
}

TEST_P(ResampleTest, UsualCropsEqualPortable) {
  Random random(2);
  const Axis long_side = {500, 341, 58, 224};
  const Axis short_side = {375, 256, 16, 224};
  for (Filter filter : kFilters) {
    CheckCase(level(), {long_side, short_side, filter, Pixels::kRandom}, &random);
    CheckCase(level(), {short_side, long_side, filter, Pixels::kBlackAndWhite}, &random);
  }
}

// Every distance of neighbouring windows from which on a kernel has to read otherwise, up to the
// right end.
TEST_P(ResampleTest, EveryDistanceOfWindowsEqualsPortable) {
  Random random(3);
  for (Filter filter : kFilters) {
    for (int input = 12; input <= 200; input += 4) {
      const Axis all = {input, 40, 0, 40};
      CheckCase(level(), {all, {9, 5, 0, 5}, filter, Pixels::kRandom}, &random);
    }
  }
}

TEST_P(ResampleTest, FortyfoldReductionEqualsPortable) {
  Random random(4);
  const Axis very_wide = {10'000, 250, 3, 224};
  for (Filter filter : kFilters) {
    CheckCase(level(), {very_wide, {3, 2, 0, 2}, filter, Pixels::kRandom}, &random);
    CheckCase(level(), {{5, 3, 0, 3}, very_wide, filter, Pixels::kRandom}, &random);
  }
}

TEST_P(ResampleTest, RandomCasesEqualPortable) {
  Random random(5);
  const int cases = Cases(300, 1500);
  for (int i = 0; i < cases; ++i) {
    CheckCase(level(), RandomResampleCase({std::begin(kFilters), std::end(kFilters)}, &random),
              &random);
  }
}

}  // namespace
}  // namespace regcore
