// The bound on the weights that the kernels rest on, and the crop geometry.
#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/kernel_test.h"
#include "random.h"
#include "resample/crop_geometry.h"
#include "resample/torch/axis_plan.h"

namespace regcore {
namespace {

// The SIMD kernels split weights below this bound exactly; and no sum of Pillow's overflows.
void CheckWeights(const AxisPlan& plan, double* largest) {
  constexpr double kOne = 1 << kWeightBits;
  bool fits = true;
  for (size_t i = 0; i < static_cast<size_t>(plan.count); ++i) {
    const int32_t* weights = plan.weights.data() + i * static_cast<size_t>(plan.taps);
    double positive = 0;
    for (int t = 0; t < plan.length[i]; ++t) {
      *largest = std::max(*largest, std::fabs(weights[t] / kOne));
      positive += std::max(weights[t], 0) / kOne;
    }
    fits = fits && positive * 255 + 0.5 < 512;
  }
  EXPECT_TRUE(fits && *largest < 1.98)
      << "weights " << plan.input_size << "->" << plan.output_size << " up to " << *largest;
}

struct KnownGeometry {
  int width, height, resize, crop;
  int resized_width, resized_height, left, top;
};

// By torchvision's formulas in Python.
constexpr KnownGeometry kGeometries[] = {
    {500, 375, 256, 224, 341, 256, 58, 16},  // 58.5 to even
    {375, 500, 256, 224, 256, 341, 16, 58},
    {343, 256, 256, 224, 343, 256, 60, 16},  // 59.5 to even
    {256, 256, 256, 224, 256, 256, 16, 16},
    {500, 333, 256, 224, 384, 256, 80, 16},
    {1, 1000, 256, 224, 256, 256000, 16, 127888},
    {7, 3, 9, 8, 21, 9, 6, 0},  // 6.5 and 0.5 to even
    {5, 4, 8, 7, 10, 8, 2, 0},  // 1.5 and 0.5
    {640, 480, 224, 224, 298, 224, 37, 0},
};

TEST(PlanTest, WeightsStayBelowTheBoundOfTheKernels) {
  const int stride = Cases(9, 1);
  Random random(2);
  double largest = 0;
  for (Filter filter : kFilters) {
    for (int input = 1; input <= 64; ++input) {
      for (int output = 1 + input % stride; output <= 300; output += stride) {
        CheckWeights(MakeAxisPlan(input, output, 0, output, filter), &largest);
      }
    }
    for (int i = 0; i < 200 / stride; ++i) {
      const int input = static_cast<int>(random.Scale(1, 20'000));
      const int output = static_cast<int>(random.Scale(1, 1'000));
      CheckWeights(MakeAxisPlan(input, output, 0, output, filter), &largest);
    }
  }
  RecordProperty("largest_weight", std::to_string(largest));
}

TEST(PlanTest, InputsThatNoOutputReadsAreKnown) {
  Random random(3);
  int with_gaps = 0;
  for (int i = 0; i < 400; ++i) {
    const int input = random.Between(1, 300);
    const int output = random.Between(1, 300);
    const int first = random.Between(0, output - 1);
    const Filter filter = i % 2 == 0 ? Filter::kNearest : Filter::kBilinear;
    const AxisPlan plan =
        MakeAxisPlan(input, output, first, random.Between(1, output - first), filter);
    std::set<int> read;
    for (size_t k = 0; k < plan.start.size(); ++k) {
      for (int t = 0; t < plan.length[k]; ++t) read.insert(plan.start[k] + t);
    }
    const std::vector<uint8_t> found = ReadInputs(plan);
    const size_t all = static_cast<size_t>(plan.input_end() - plan.input_begin());
    with_gaps += found.empty() ? 0 : 1;
    EXPECT_TRUE(found.empty() ? read.size() == all : found.size() == all && read.size() < all);
    for (size_t k = 0; k < found.size(); ++k) {
      EXPECT_EQ(found[k], read.count(plan.input_begin() + static_cast<int>(k)));
    }
  }
  EXPECT_GT(with_gaps, 50);
}

TEST(PlanTest, TorchsWeightsStayBelowTheBoundOfTheKernels) {
  const int stride = Cases(9, 1);
  double largest = 0;
  for (Filter filter : {Filter::kBilinear, Filter::kBicubic, Filter::kLanczos}) {
    for (int input = 1; input <= 64; ++input) {
      for (int output = 1 + input % stride; output <= 300; output += stride) {
        CheckWeights(MakeTorchPlan(input, output, 0, output, filter), &largest);
      }
    }
  }
}

// torch rounds all weights of an axis to the same number of bits, whatever part of it is wanted.
TEST(PlanTest, PartOfATorchPlanIsThatOfTheWhole) {
  for (Filter filter : {Filter::kNearest, Filter::kBilinear, Filter::kBicubic, Filter::kLanczos}) {
    for (const auto& [input, output] : {std::pair{500, 341}, {37, 300}, {300, 7}}) {
      const AxisPlan whole = MakeTorchPlan(input, output, 0, output, filter);
      const AxisPlan part = MakeTorchPlan(input, output, 2, output - 5, filter);
      const auto taps = static_cast<size_t>(whole.taps);
      EXPECT_TRUE(std::equal(part.weights.begin(), part.weights.end(),
                             whole.weights.begin() + static_cast<ptrdiff_t>(2 * taps)));
      EXPECT_TRUE(std::equal(part.start.begin(), part.start.end(), whole.start.begin() + 2));
    }
  }
}

TEST(PlanTest, GeometryIsTorchvisions) {
  for (const KnownGeometry& g : kGeometries) {
    const CropRule rule{Resize::kShortSide,    g.resize, g.resize, g.crop, g.crop,
                        CropOffset::kHalfEven, false};
    CropGeometry actual{};
    ASSERT_TRUE(MakeCropGeometry(g.width, g.height, rule, &actual).ok());
    EXPECT_TRUE(actual.resized_width == g.resized_width &&
                actual.resized_height == g.resized_height && actual.left == g.left &&
                actual.top == g.top && actual.covered == (Rect{0, 0, g.crop, g.crop}))
        << "geometry of " << g.width << "x" << g.height;
  }
}

}  // namespace
}  // namespace regcore
