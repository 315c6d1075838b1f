// The resample kernels on buffers that have exactly the size that kernels.h promises.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/image_view.h"
#include "kernels/kernel_test.h"
#include "random.h"
#include "resample/kernels.h"

namespace regcore {
namespace {

struct Axis {
  int input = 1;
  int output = 1;
  int first = 0;
  int count = 1;
};

enum class Pixels { kRandom, kBlackAndWhite, kCheckerboard, kBlack, kWhite };

struct Case {
  Axis x;
  Axis y;
  Filter filter = Filter::kBicubic;
  Pixels pixels = Pixels::kRandom;
  int channels = 3;

  std::string Text() const {
    const auto text = [](const Axis& a) {
      return std::to_string(a.input) + "->" + std::to_string(a.output) + "[" +
             std::to_string(a.first) + "+" + std::to_string(a.count) + "]";
    };
    return text(x) + " x " + text(y) + " filter " + std::to_string(static_cast<int>(filter)) +
           " pixels " + std::to_string(static_cast<int>(pixels)) + " channels " +
           std::to_string(channels);
  }
};

AxisPlan PlanOf(const Axis& axis, Filter filter) {
  return MakeAxisPlan(axis.input, axis.output, axis.first, axis.count, filter);
}

// The pixels that two plans need, in a view with some more on each side and gaps between the rows.
class SourceImage {
 public:
  SourceImage(const Case& c, const AxisPlan& x, const AxisPlan& y, Random* random) {
    view_.area = {std::max(x.input_begin() - random->Between(0, 3), 0),
                  std::max(y.input_begin() - random->Between(0, 3), 0),
                  std::min(x.input_end() + random->Between(0, 3), c.x.input),
                  std::min(y.input_end() + random->Between(0, 3), c.y.input)};
    const int row = c.channels * view_.area.width();
    view_.stride = row + random->Between(0, 1) * random->Between(0, 70);
    const size_t lead = static_cast<size_t>(random->Between(0, 5));  // any alignment
    const size_t size = static_cast<size_t>(view_.stride * (view_.area.height() - 1) + row);
    bytes_ = random->Bytes(lead + size + kReadSlack);
    uint8_t* data = bytes_.get() + lead;
    const size_t channels = static_cast<size_t>(c.channels);
    for (size_t i = 0; i < size; ++i) data[i] = Value(c.pixels, data[i], i, channels);
    view_.data = data;
  }

  const PixelView& view() const { return view_; }

 private:
  uint8_t Value(Pixels pixels, uint8_t random, size_t i, size_t channels) const {
    const size_t stride = static_cast<size_t>(view_.stride);
    switch (pixels) {
      case Pixels::kRandom:
        return random;
      case Pixels::kBlackAndWhite:
        return random < 128 ? 0 : 255;
      case Pixels::kCheckerboard:
        return (i / stride + i % stride / channels) % 2 == 0 ? 0 : 255;
      case Pixels::kBlack:
        return 0;
      case Pixels::kWhite:
        return 255;
    }
    return 0;
  }

  std::unique_ptr<uint8_t[]> bytes_;
  PixelView view_;
};

// What the kernel promises to need: an intermediate image of all rows, or one that lacks the blocks
// of rows that no output from `first` on reads.
std::vector<uint8_t> Resample(const ResampleKernel& kernel, int channels, const AxisPlan& x,
                              const AxisPlan& y, const PixelView& view, int first) {
  PackedAxis horizontal;
  PackedAxis vertical;
  horizontal.plan = x;
  vertical.plan = y;
  horizontal.channels = vertical.channels = channels;
  const int columns = channels * x.count;
  const int unread = y.start[static_cast<size_t>(first)] - y.input_begin();
  const int skipped = unread / kIntermediateBlockRows * kIntermediateBlockRows;
  const int begin = y.input_begin() + skipped;
  AlignedBuffer intermediate;
  const size_t bytes = kernel.intermediate_bytes(y.input_end() - begin, columns);
  if (!kernel.pack_horizontal(&horizontal).ok() || !kernel.pack_vertical(&vertical).ok() ||
      !intermediate.Reserve(bytes).ok()) {
    return {};
  }
  std::memset(intermediate.data(), 0xA5, bytes);
  // In two parts, as pictures come whose intermediate image is larger than the caches.
  const int middle = std::min(begin + 2 * kIntermediateBlockRows, y.input_end());
  kernel.horizontal(horizontal, begin, middle, view, intermediate.data());
  if (middle < y.input_end()) {
    kernel.horizontal(horizontal, middle, y.input_end(), view,
                      intermediate.data() + 2 * kernel.block_bytes(columns));
  }
  const size_t row_bytes = static_cast<size_t>(columns);
  std::vector<uint8_t> result(row_bytes * static_cast<size_t>(y.count - first));
  const std::unique_ptr<uint8_t[]> out(new uint8_t[(row_bytes + 63) / 64 * 64]);
  for (int row = first; row < y.count; ++row) {
    kernel.vertical(vertical, row, intermediate.data(), skipped, columns, out.get());
    std::memcpy(result.data() + row_bytes * static_cast<size_t>(row - first), out.get(), row_bytes);
  }
  return result;
}

void CheckCase(SimdLevel level, Case c, Random* random) {
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

// A crop window at either end or anywhere, of an axis shrunk up to 45 times or stretched 20 times.
Axis RandomAxis(Random* random) {
  constexpr double kShrink[][2] = {{0.05, 1}, {1, 3}, {3, 12}, {12, 45}};
  const double* range = kShrink[random->Between(0, 3)];
  Axis axis;
  axis.output = static_cast<int>(random->Scale(1, 320));
  const double input = axis.output * random->Scale(range[0], range[1]);
  axis.input = std::clamp(static_cast<int>(input), 1, 8000);
  axis.count = random->Between(1, std::min(axis.output, 64));
  if (axis.output >= 224 && random->Between(0, 3) == 0) axis.count = 224;
  const int spare = axis.output - axis.count;
  const int places[] = {0, spare, random->Between(0, spare)};
  axis.first = places[random->Between(0, 2)];
  return axis;
}

Case RandomCase(Random* random) {
  constexpr int64_t kMaxPixels = 200'000;
  for (;;) {
    Case c;
    c.x = RandomAxis(random);
    c.y = RandomAxis(random);
    c.filter = kFilters[random->Between(0, 7)];
    c.pixels = static_cast<Pixels>(random->Between(0, 4));
    const auto extent = [](const Axis& a) { return int64_t{a.input} * a.count / a.output + 8; };
    if (extent(c.x) * extent(c.y) <= kMaxPixels) return c;
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
  for (int i = 0; i < cases; ++i) CheckCase(level(), RandomCase(&random), &random);
}

}  // namespace
}  // namespace regcore
