// Images in memory that belongs to others.
#pragma once

#include <cstddef>
#include <cstdint>

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
// kReadSlack (base/aligned_buffer.h) past its end.
struct PixelView {
  const uint8_t* data = nullptr;
  ptrdiff_t stride = 0;
  Rect area;

  const uint8_t* Row(int y) const { return data + (y - area.top) * stride; }
};

// One with three channels: red, green, blue.
using RgbView = PixelView;

}  // namespace regcore
