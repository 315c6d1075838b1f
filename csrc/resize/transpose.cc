#include "resize/transpose.h"

#include <algorithm>
#include <cstring>

namespace regcore {
namespace {

constexpr int kBlock = 16;  // pixels: both sides of a block stay in the nearest cache

template <int kChannels>
void TransposePixels(const PixelView& view, uint8_t* out, ptrdiff_t stride) {
  const int width = view.area.width();
  const int height = view.area.height();
  for (int top = 0; top < height; top += kBlock) {
    const int bottom = std::min(top + kBlock, height);
    for (int x = 0; x < width; ++x) {
      const uint8_t* source = view.data + top * view.stride + ptrdiff_t{kChannels} * x;
      uint8_t* target = out + x * stride + ptrdiff_t{kChannels} * top;
      for (int y = top; y < bottom; ++y, source += view.stride, target += kChannels) {
        std::memcpy(target, source, kChannels);
      }
    }
  }
}

}  // namespace

void Transpose(const PixelView& view, int channels, uint8_t* out, ptrdiff_t stride) {
  if (channels == 1) return TransposePixels<1>(view, out, stride);
  if (channels == 3) return TransposePixels<3>(view, out, stride);
  TransposePixels<4>(view, out, stride);
}

}  // namespace regcore
