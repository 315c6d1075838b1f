#include "kernels/resample_case.h"

#include <algorithm>
#include <cstring>

#include "base/aligned_buffer.h"
#include "base/view_tail.h"
#include "kernels/kernel_test.h"

namespace regcore {

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

std::string ResampleCase::Text() const {
  const auto text = [](const Axis& a) {
    return std::to_string(a.input) + "->" + std::to_string(a.output) + "[" +
           std::to_string(a.first) + "+" + std::to_string(a.count) + "]";
  };
  return text(x) + " x " + text(y) + " filter " + std::to_string(static_cast<int>(filter)) +
         " pixels " + std::to_string(static_cast<int>(pixels)) + " channels " +
         std::to_string(channels);
}

ResampleCase RandomResampleCase(const std::vector<Filter>& filters, Random* random) {
  constexpr int64_t kMaxPixels = 200'000;
  for (;;) {
    ResampleCase c;
    c.x = RandomAxis(random);
    c.y = RandomAxis(random);
    c.filter =
        filters[static_cast<size_t>(random->Between(0, static_cast<int>(filters.size()) - 1))];
    c.pixels = static_cast<Pixels>(random->Between(0, 4));
    const auto extent = [](const Axis& a) { return int64_t{a.input} * a.count / a.output + 8; };
    if (extent(c.x) * extent(c.y) <= kMaxPixels) return c;
  }
}

SourceImage::SourceImage(const ResampleCase& c, const AxisPlan& x, const AxisPlan& y,
                         Random* random) {
  view_.area = {std::max(x.input_begin() - random->Between(0, 3), 0),
                std::max(y.input_begin() - random->Between(0, 3), 0),
                std::min(x.input_end() + random->Between(0, 3), c.x.input),
                std::min(y.input_end() + random->Between(0, 3), c.y.input)};
  const int row = c.channels * view_.area.width();
  view_.stride = row + random->Between(0, 1) * random->Between(0, 70);
  const size_t lead = static_cast<size_t>(random->Between(0, 5));  // any alignment
  const size_t size = static_cast<size_t>(view_.stride * (view_.area.height() - 1) + row);
  const bool has_slack = random->Between(0, 1) == 0;
  bytes_ = random->Bytes(lead + size + (has_slack ? kReadSlack : 0));
  uint8_t* data = bytes_.get() + lead;
  const size_t channels = static_cast<size_t>(c.channels);
  for (size_t i = 0; i < size; ++i) data[i] = Value(c.pixels, data[i], i, channels);
  view_.data = data;
  if (has_slack) return;
  const Rect wanted = {x.input_begin(), y.input_begin(), x.input_end(), y.input_end()};
  EXPECT_TRUE(CopyTail(TailOf(view_, wanted, c.channels), c.channels, &tail_, &view_).ok());
}

uint8_t SourceImage::Value(Pixels pixels, uint8_t random, size_t i, size_t channels) const {
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

std::vector<uint8_t> Resample(const ResampleKernel& kernel, int channels, const AxisPlan& x,
                              const AxisPlan& y, const PixelView& view, int first,
                              size_t value_bytes) {
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
  const size_t row_bytes = value_bytes * static_cast<size_t>(columns);
  const size_t padded_bytes = value_bytes * ((static_cast<size_t>(columns) + 63) / 64 * 64);
  std::vector<uint8_t> result(row_bytes * static_cast<size_t>(y.count - first));
  const std::unique_ptr<uint8_t[]> out(new uint8_t[padded_bytes]);
  for (int row = first; row < y.count; ++row) {
    kernel.vertical(vertical, row, intermediate.data(), skipped, columns, out.get());
    std::memcpy(result.data() + row_bytes * static_cast<size_t>(row - first), out.get(), row_bytes);
  }
  return result;
}

}  // namespace regcore
