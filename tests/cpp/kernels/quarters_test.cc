// Which windows the AVX2 kernel's pass over matched quarters takes, and what it reads: the pixels
// are those of any other pass, so that the kernels' tests do not tell.
#include <utility>

#include "base/aligned_buffer.h"
#include "kernels/kernel_test.h"
#include "resample/torch/axis_plan.h"
#include "resample/weights_int16_quarters.h"

#ifdef REGCORE_X86

namespace regcore {
namespace {

struct Shrink {
  int input;
  int output;
  Filter filter;
};

// MakeAxisPlan has an overload.
AxisPlan PillowPlan(int input, int output, int first, int count, Filter filter) {
  return MakeAxisPlan(input, output, first, count, filter);
}

PackedAxis Packed(AxisPlan plan, bool* packed) {
  PackedAxis axis;
  axis.plan = std::move(plan);
  EXPECT_TRUE(PackMatchedQuarters(&axis, packed).ok());
  return axis;
}

TEST(QuartersTest, PhotosAreMatchedAndReadWithinTheirSlack) {
  for (const Shrink& s : {Shrink{500, 224, Filter::kBilinear}, Shrink{500, 341, Filter::kBicubic},
                          Shrink{375, 256, Filter::kBilinear}, Shrink{640, 224, Filter::kLanczos},
                          Shrink{1600, 224, Filter::kLanczos}}) {
    for (const auto make : {MakeTorchPlan, PillowPlan}) {
      bool packed = false;
      const PackedAxis axis = Packed(make(s.input, s.output, 0, s.output, s.filter), &packed);
      ASSERT_TRUE(packed) << s.input << " to " << s.output;
      const int last_pair = 2 * 3 * (axis.blocks.front() - 1);
      for (size_t i = 1; i < axis.blocks.size(); i += QuarterMatch::kInts) {
        EXPECT_GE(axis.blocks[i], 0);
        EXPECT_LE(axis.blocks[i] + last_pair + 32, 3 * s.input + static_cast<int>(kReadSlack));
      }
    }
  }
}

TEST(QuartersTest, NearlyAllVectorsOfAPhotoHaveTwoQuarters) {
  bool packed = false;
  const PackedAxis axis = Packed(MakeTorchPlan(500, 224, 0, 224, Filter::kBilinear), &packed);
  EXPECT_LE(axis.blocks.size() / QuarterMatch::kInts, 3u * 224 / 8 + 2);
}

TEST(QuartersTest, WindowsTooFarApartAreLeftToOthers) {
  bool packed = true;
  const PackedAxis axis = Packed(PillowPlan(9000, 224, 0, 224, Filter::kBilinear), &packed);
  EXPECT_FALSE(packed);
  EXPECT_TRUE(axis.blocks.empty());
}

}  // namespace
}  // namespace regcore

#endif
