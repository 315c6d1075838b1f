// The kernels of the other libraries' flavours: every level gives the bytes of the plain one.
#include "flavours/flavour.h"

#include <string>
#include <vector>

#include "kernels/kernel_test.h"
#include "kernels/resample_case.h"
#include "random.h"

namespace regcore {
namespace {

struct FlavourFilters {
  Flavour flavour;
  std::vector<Filter> filters;
};

const FlavourFilters kFlavours[] = {
    {Flavour::kTorch, {Filter::kNearest, Filter::kBilinear, Filter::kBicubic, Filter::kLanczos}},
    {Flavour::kTorchFloat, {Filter::kNearest, Filter::kBilinear, Filter::kBicubic}},
    {Flavour::kTorchPlain, {Filter::kBilinear, Filter::kBicubic}},
    {Flavour::kOpencv,
     {Filter::kNearest, Filter::kBilinear, Filter::kBicubic, Filter::kArea, Filter::kLanczos}},
};

void CheckCase(SimdLevel level, Flavour flavour, const ResampleCase& c, Random* random) {
  const ResizedSides sides = {c.x.input, c.y.input, c.x.output, c.y.output};
  const auto method = [&](SimdLevel of) {
    return MethodFor(flavour, PassOrder::kPillow9, c.filter, of, sides);
  };
  const ResampleMethod plain = method(SimdLevel::kPortable);
  const AxisPlan x = plain.plan_horizontal(c.x.input, c.x.output, c.x.first, c.x.count, c.filter);
  const AxisPlan y = plain.plan_vertical(c.y.input, c.y.output, c.y.first, c.y.count, c.filter);
  const int first = random->Between(0, 1) * random->Between(0, y.count - 1);
  const SourceImage image(c, x, y, random);
  const size_t value_bytes = HasFloatRows(flavour) ? sizeof(float) : 1;
  const auto by = [&](const ResampleMethod& of) {
    return Resample(*of.kernel, 3, x, y, image.view(), first, value_bytes);
  };
  const std::vector<uint8_t> expected = by(plain);
  EXPECT_TRUE(!expected.empty() && by(method(level)) == expected)
      << "flavour " << static_cast<int>(flavour) << " " << SimdName(level) << " " << c.Text()
      << " from " << first;
}

class FlavourTest : public LevelTest {};
INSTANTIATE_TEST_SUITE_P(Levels, FlavourTest, testing::ValuesIn(VectorLevels()), LevelName);

TEST_P(FlavourTest, SmallSizesEqualPortable) {
  Random random(1);
  for (const FlavourFilters& of : kFlavours) {
    for (Filter filter : of.filters) {
      for (int input = 1; input <= 12; ++input) {
        for (int output = 1; output <= 12; ++output) {
          const Axis x = {input, output, 0, output};
          const Axis y = {13 - input, 13 - output, 0, 13 - output};
          CheckCase(level(), of.flavour, {x, y, filter, Pixels::kRandom}, &random);
        }
      }
    }
  }
}

TEST_P(FlavourTest, UsualCropsEqualPortable) {
  Random random(2);
  const Axis long_side = {500, 341, 58, 224};
  const Axis short_side = {375, 256, 16, 224};
  for (const FlavourFilters& of : kFlavours) {
    for (Filter filter : of.filters) {
      CheckCase(level(), of.flavour, {long_side, short_side, filter, Pixels::kRandom}, &random);
      CheckCase(level(), of.flavour, {short_side, long_side, filter, Pixels::kBlackAndWhite},
                &random);
    }
  }
}

// Windows of hundreds of pixels.
TEST_P(FlavourTest, StrongReductionEqualsPortable) {
  Random random(3);
  const Axis very_wide = {10'000, 120, 3, 100};
  for (const FlavourFilters& of : kFlavours) {
    for (Filter filter : of.filters) {
      CheckCase(level(), of.flavour, {very_wide, {40, 21, 0, 21}, filter}, &random);
      CheckCase(level(), of.flavour, {{5, 3, 0, 3}, very_wide, filter}, &random);
    }
  }
}

TEST_P(FlavourTest, RandomCasesEqualPortable) {
  Random random(4);
  const int cases = Cases(60, 400);
  for (const FlavourFilters& of : kFlavours) {
    for (int i = 0; i < cases; ++i) {
      CheckCase(level(), of.flavour, RandomResampleCase(of.filters, &random), &random);
    }
  }
}

}  // namespace
}  // namespace regcore
