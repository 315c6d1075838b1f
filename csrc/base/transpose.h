// Rows of pixels that become columns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace regcore {

// Writes `count` pixels of kBytes side by side at `out` that lie `stride` bytes apart at `in`, and
// nothing behind them. Of each but the last kMoved bytes are read, and the next pixel overwrites
// what is too much: 4 bytes move as one.
template <size_t kBytes, size_t kMoved = kBytes>
void GatherPixels(const uint8_t* in, ptrdiff_t stride, int count, uint8_t* out) {
  for (int i = 1; i < count; ++i, in += stride, out += kBytes) std::memcpy(out, in, kMoved);
  std::memcpy(out, in, kBytes);
}

// The way back: pixels side by side at `in` to places that are `stride` bytes apart.
template <size_t kBytes>
void ScatterPixels(const uint8_t* in, int count, uint8_t* out, ptrdiff_t stride) {
  for (int i = 0; i < count; ++i, in += kBytes, out += stride) std::memcpy(out, in, kBytes);
}

// Makes row x at `out` of column x at `in`, whose picture is `width` pixels of kBytes wide and
// `height` high, neither of them 0. Strides are in bytes, and negative where rows are taken or
// written upwards.
template <size_t kBytes>
void TransposePixels(const uint8_t* in, ptrdiff_t in_stride, int width, int height, uint8_t* out,
                     ptrdiff_t out_stride) {
  constexpr size_t kMoved = kBytes == 3 ? 4 : kBytes;
  constexpr int kTileRows = 16;  // of 4 to 128 the fastest for pictures of ImageNet
  for (int y = 0; y < height; y += kTileRows) {
    const int rows = std::min(kTileRows, height - y);
    const uint8_t* column = in + y * in_stride;
    uint8_t* row = out + static_cast<ptrdiff_t>(kBytes) * y;
    for (int x = 1; x < width; ++x, column += kBytes, row += out_stride) {
      GatherPixels<kBytes, kMoved>(column, in_stride, rows, row);
    }
    GatherPixels<kBytes>(column, in_stride, rows, row);  // there may be nothing to the right
  }
}

}  // namespace regcore
