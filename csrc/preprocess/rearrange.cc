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

// Makes room for the pixels of `area`, and sets `view` to it.
Status Reserve(const Rect& area, int channels, AlignedBuffer* pixels, PixelView* view) {
  const size_t row = static_cast<size_t>(channels) * static_cast<size_t>(area.width());
  REGCORE_RETURN_IF_ERROR(pixels->Reserve(row * static_cast<size_t>(area.height()) + kReadSlack));
  *view = {pixels->data(), static_cast<ptrdiff_t>(row), area};
  return {};
}

// Turns pixels of kBytes; as Turn.
template <size_t kBytes>
void TurnPixels(const PixelView& view, const Rect& stored, const Orientation& o, int row_pixels,
                uint8_t* out) {
  constexpr ptrdiff_t kPixel = kBytes;
  // Rows that are reversed are read upwards.
  const ptrdiff_t in_stride = o.reverses_rows ? -view.stride : view.stride;
  const uint8_t* in = view.Row(o.reverses_rows ? stored.bottom - 1 : stored.top) +
                      kPixel * (stored.left - view.area.left);
  const ptrdiff_t row = kPixel * row_pixels;
  if (o.swaps) {
    if (o.reverses_columns) out += row * (stored.width() - 1);
    TransposePixels<kBytes>(in, in_stride, stored.width(), stored.height(), out,
                            o.reverses_columns ? -row : row);
    return;
  }
  for (int y = 0; y < stored.height(); ++y, in += in_stride, out += row) {
    if (o.reverses_columns) {
      GatherPixels<kBytes>(in + row - kPixel, -kPixel, stored.width(), out);
    } else {
      std::memcpy(out, in, static_cast<size_t>(row));
    }
  }
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

Status Turn(const PixelView& view, const Rect& upright, int orientation, int width, int height,
            AlignedBuffer* pixels, PixelView* turned, int channels) {
  const PixelView source = view;
  REGCORE_RETURN_IF_ERROR(Reserve(upright, channels, pixels, turned));
  const auto turn = channels == 1 ? TurnPixels<1> : channels == 3 ? TurnPixels<3> : TurnPixels<4>;
  turn(source, StoredArea(upright, orientation, width, height), OrientationOf(orientation),
       upright.width(), pixels->data());
  return {};
}

Status ToLuma(const RgbView& view, const Rect& area, AlignedBuffer* pixels, RgbView* grey) {
  const RgbView coloured = view;
  REGCORE_RETURN_IF_ERROR(Reserve(area, 3, pixels, grey));
  uint8_t* out = pixels->data();
  for (int y = area.top; y < area.bottom; ++y) {
    const uint8_t* source = coloured.Row(y) + 3 * ptrdiff_t{area.left - coloured.area.left};
    for (int x = 0; x < area.width(); ++x, source += 3, out += 3) {
      std::memset(out, Luma(source), 3);
    }
  }
  return {};
}

}  // namespace regcore
