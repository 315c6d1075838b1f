#include "resize/reduce.h"

#include <algorithm>
#include <vector>

namespace regcore {
namespace {

// As Pillow's division_UINT32(pixels, 8), floats included: a sum times it, shifted, is the mean.
uint32_t Multiplier(uint32_t pixels) {
  const uint32_t max_dividend = 256u * pixels;
  if (max_dividend == 0) return 0;  // what 2^24 pixels and more come to there
  return static_cast<uint32_t>(4294967296.0f / static_cast<float>(max_dividend));
}

uint8_t Mean(uint32_t sum, uint32_t pixels, uint32_t multiplier) {
  return static_cast<uint8_t>(((sum + pixels / 2) * multiplier) >> 24);
}

// One row of blocks: sums of columns first, which the compiler makes vectors of.
template <int kChannels>
class BlockRow {
 public:
  explicit BlockRow(const Rect& source)
      : source_(source), columns_(static_cast<size_t>(kChannels * source.width())) {}

  void Sum(const PixelView& view, int top, int bottom) {
    std::fill(columns_.begin(), columns_.end(), 0);
    for (int y = top; y < bottom; ++y) {
      const uint8_t* row = view.Row(y) + kChannels * ptrdiff_t{source_.left - view.area.left};
      for (size_t i = 0; i < columns_.size(); ++i) columns_[i] += row[i];
    }
    rows_ = static_cast<uint32_t>(bottom - top);
  }

  void Means(int factor, uint8_t* out) const {
    const uint32_t* column = columns_.data();
    for (int left = source_.left; left < source_.right; left += factor) {
      const int width = std::min(factor, source_.right - left);
      uint32_t sum[kChannels] = {};
      for (int x = 0; x < width; ++x, column += kChannels) {
        for (int c = 0; c < kChannels; ++c) sum[c] += column[c];
      }
      const uint32_t pixels = rows_ * static_cast<uint32_t>(width);
      const uint32_t multiplier = Multiplier(pixels);
      for (int c = 0; c < kChannels; ++c) *out++ = Mean(sum[c], pixels, multiplier);
    }
  }

 private:
  const Rect source_;
  std::vector<uint32_t> columns_;
  uint32_t rows_ = 0;
};

template <int kChannels>
void ReduceRows(const PixelView& view, const Rect& part, ReduceFactors factors, const Rect& wanted,
                uint8_t* out) {
  const Rect source = ReducedFrom(part, factors, wanted);
  BlockRow<kChannels> row(source);
  for (int top = source.top; top < source.bottom; top += factors.y) {
    row.Sum(view, top, std::min(top + factors.y, source.bottom));
    row.Means(factors.x, out);
    out += kChannels * ptrdiff_t{wanted.width()};
  }
}

}  // namespace

Rect ReducedFrom(const Rect& part, ReduceFactors factors, const Rect& wanted) {
  const auto end = [](int begin, int blocks, int factor, int limit) {
    return static_cast<int>(std::min(begin + int64_t{blocks} * factor, int64_t{limit}));
  };
  return {part.left + wanted.left * factors.x, part.top + wanted.top * factors.y,
          end(part.left, wanted.right, factors.x, part.right),
          end(part.top, wanted.bottom, factors.y, part.bottom)};
}

void Reduce(const PixelView& source, int channels, const Rect& part, ReduceFactors factors,
            const Rect& wanted, uint8_t* out) {
  if (channels == 1) return ReduceRows<1>(source, part, factors, wanted, out);
  if (channels == 3) return ReduceRows<3>(source, part, factors, wanted, out);
  ReduceRows<4>(source, part, factors, wanted, out);
}

}  // namespace regcore
