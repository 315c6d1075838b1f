#include "preprocess/rearrange.h"

#include <cstring>

#include "base/luma.h"
#include "base/transpose.h"

namespace regcore {
namespace {

// From the upright pixel (x, y) to the stored one: (x, y), with one or both reversed, after they
// are swapped where the orientation says so.
struct Orientation {
  bool swaps;
  bool reverses_columns;  // of the stored picture
  bool reverses_rows;
};

Orientation OrientationOf(int number) {
  switch (number) {
    case 2:
      return {false, true, false};
    case 3:
      return {false, true, true};
    case 4:
      return {false, false, true};
    case 5:
      return {true, false, false};
    case 6:
      return {true, false, true};
    case 7:
      return {true, true, true};
    case 8:
      return {true, true, false};
    default:
      return {false, false, false};
  }
}

Status Reserve(const Rect& area, AlignedBuffer* pixels) {
  const size_t row = 3 * static_cast<size_t>(area.width());
  return pixels->Reserve(row * static_cast<size_t>(area.height()) + kReadSlack);
}

RgbView ViewOf(const Rect& area, const AlignedBuffer& pixels) {
  return {pixels.data(), 3 * ptrdiff_t{area.width()}, area};
}

}  // namespace

Rect StoredArea(const Rect& upright, int orientation, int width, int height) {
  const Orientation o = OrientationOf(orientation);
  Rect area = upright;
  if (o.swaps) area = {upright.top, upright.left, upright.bottom, upright.right};
  if (o.reverses_columns) {
    const int left = width - area.right;
    area.right = width - area.left;
    area.left = left;
  }
  if (o.reverses_rows) {
    const int top = height - area.bottom;
    area.bottom = height - area.top;
    area.top = top;
  }
  return area;
}

Status Turn(const RgbView& view, const Rect& upright, int orientation, int width, int height,
            AlignedBuffer* pixels, RgbView* turned) {
  REGCORE_RETURN_IF_ERROR(Reserve(upright, pixels));
  const Orientation o = OrientationOf(orientation);
  const Rect stored = StoredArea(upright, orientation, width, height);
  // Rows that are reversed are read upwards.
  const ptrdiff_t in_stride = o.reverses_rows ? -view.stride : view.stride;
  const uint8_t* in = view.Row(o.reverses_rows ? stored.bottom - 1 : stored.top) +
                      3 * ptrdiff_t{stored.left - view.area.left};
  const ptrdiff_t row = 3 * ptrdiff_t{upright.width()};
  uint8_t* out = pixels->data();
  if (o.swaps) {
    if (o.reverses_columns) out += row * (stored.width() - 1);
    TransposePixels<3>(in, in_stride, stored.width(), stored.height(), out,
                       o.reverses_columns ? -row : row);
  } else {
    for (int y = 0; y < stored.height(); ++y, in += in_stride, out += row) {
      if (o.reverses_columns) {
        GatherPixels<3>(in + row - 3, -3, stored.width(), out);
      } else {
        std::memcpy(out, in, static_cast<size_t>(row));
      }
    }
  }
  *turned = ViewOf(upright, *pixels);
  return {};
}

Status ToLuma(const RgbView& view, const Rect& area, AlignedBuffer* pixels, RgbView* grey) {
  REGCORE_RETURN_IF_ERROR(Reserve(area, pixels));
  uint8_t* out = pixels->data();
  for (int y = area.top; y < area.bottom; ++y) {
    const uint8_t* source = view.Row(y) + 3 * ptrdiff_t{area.left - view.area.left};
    for (int x = 0; x < area.width(); ++x, source += 3, out += 3) {
      std::memset(out, Luma(source), 3);
    }
  }
  *grey = ViewOf(area, *pixels);
  return {};
}

}  // namespace regcore
