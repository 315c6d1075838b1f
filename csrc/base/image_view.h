// Images in memory that belongs to others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace regcore {

inline constexpr int RoundUp(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Half-open in both directions: columns [left, right), rows [top, bottom), in pixels.
struct Rect {
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;

  int width() const { return right - left; }
  int height() const { return bottom - top; }
  bool operator==(const Rect&) const = default;
};

// A part of an image as interleaved rows of 8-bit channels: `data` is the pixel (area.left,
// area.top), `stride` the distance of two rows in bytes. Whoever makes a view for a kernel provides
// kReadSlack (base/aligned_buffer.h) past its end, or a tail (base/view_tail.h).
struct PixelView {
  const uint8_t* data = nullptr;
  ptrdiff_t stride = 0;
  Rect area;
  // Where the rows from `tail_top` on are, if there is a tail, with a stride of their own.
  const uint8_t* tail = nullptr;
  ptrdiff_t tail_stride = 0;
  int tail_top = std::numeric_limits<int>::max();

  const uint8_t* Row(int y) const {
    return y < tail_top ? data + (y - area.top) * stride : tail + (y - tail_top) * tail_stride;
  }
};

// One with three channels: red, green, blue.
using RgbView = PixelView;

}  // namespace regcore
