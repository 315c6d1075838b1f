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

// Of blocks of so many pixels.
class BlockMean {
 public:
  explicit BlockMean(uint32_t pixels) : half_(pixels / 2), multiplier_(Multiplier(pixels)) {}

  uint8_t operator()(uint32_t sum) const {
    return static_cast<uint8_t>(((sum + half_) * multiplier_) >> 24);
  }

 private:
  uint32_t half_;
  uint32_t multiplier_;
};

constexpr int kMaxShortRows = 65535 / 255;

// One row of blocks: sums of columns first, in words as far as these hold them.
class ColumnSums {
 public:
  ColumnSums(const PixelKernel& kernel, size_t columns)
      : kernel_(kernel), short_(columns), sums_(columns) {}

  // `row`: of each line, the bytes to add.
  template <typename Row>
  const std::vector<uint32_t>& Of(int top, int bottom, const Row& row) {
    std::fill(sums_.begin(), sums_.end(), 0);
    for (int first = top; first < bottom; first += kMaxShortRows) {
      std::fill(short_.begin(), short_.end(), uint16_t{0});
      for (int y = first; y < std::min(first + kMaxShortRows, bottom); ++y) {
        kernel_.add_bytes(row(y), short_.size(), short_.data());
      }
      for (size_t i = 0; i < sums_.size(); ++i) sums_[i] += short_[i];
    }
    return sums_;
  }

 private:
  const PixelKernel& kernel_;
  std::vector<uint16_t> short_;
  std::vector<uint32_t> sums_;
};

// The means of blocks of `width` columns of pixels.
template <int kChannels>
void Means(const uint32_t* sums, int blocks, int width, const BlockMean& mean, uint8_t* out) {
  for (int block = 0; block < blocks; ++block) {
    uint32_t sum[kChannels] = {};
    for (int x = 0; x < width; ++x, sums += kChannels) {
      for (int c = 0; c < kChannels; ++c) sum[c] += sums[c];
    }
    for (int c = 0; c < kChannels; ++c) *out++ = mean(sum[c]);
  }
}

template <int kChannels>
void ReduceRows(const PixelKernel& kernel, const PixelView& view, const Rect& part,
                ReduceFactors factors, const Rect& wanted, uint8_t* out) {
  const Rect source = ReducedFrom(part, factors, wanted);
  const int whole = source.width() / factors.x;
  const int rest = source.width() % factors.x;
  ColumnSums columns(kernel, static_cast<size_t>(kChannels * source.width()));
  for (int top = source.top; top < source.bottom; top += factors.y) {
    const int bottom = std::min(top + factors.y, source.bottom);
    const uint32_t* sums =
        columns
            .Of(top, bottom,
                [&](int y) {
                  return view.Row(y) + kChannels * ptrdiff_t{source.left - view.area.left};
                })
            .data();
    const uint32_t rows = static_cast<uint32_t>(bottom - top);
    const BlockMean mean(rows * static_cast<uint32_t>(factors.x));
    Means<kChannels>(sums, whole, factors.x, mean, out);
    if (rest > 0) {
      const BlockMean mean_of_rest(rows * static_cast<uint32_t>(rest));
      Means<kChannels>(sums + kChannels * whole * factors.x, 1, rest, mean_of_rest,
                       out + kChannels * whole);
    }
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

void Reduce(const PixelKernel& kernel, const PixelView& source, int channels, const Rect& part,
            ReduceFactors factors, const Rect& wanted, uint8_t* out) {
  if (channels == 1) return ReduceRows<1>(kernel, source, part, factors, wanted, out);
  if (channels == 3) return ReduceRows<3>(kernel, source, part, factors, wanted, out);
  ReduceRows<4>(kernel, source, part, factors, wanted, out);
}

}  // namespace regcore
