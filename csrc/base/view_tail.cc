#include "base/view_tail.h"

#include <algorithm>
#include <cstring>

namespace regcore {

Rect TailOf(const PixelView& view, const Rect& wanted, int channels) {
  const ptrdiff_t width = ptrdiff_t{channels} * view.area.width();
  const ptrdiff_t read =
      ptrdiff_t{channels} * (wanted.right - view.area.left) + ptrdiff_t{kReadSlack};
  const ptrdiff_t end = (view.area.height() - 1) * view.stride + width;
  int top = wanted.top;
  if (view.stride >= width && end >= read) {
    const ptrdiff_t last = view.area.top + (end - read) / view.stride;
    top = static_cast<int>(std::clamp<ptrdiff_t>(last + 1, wanted.top, wanted.bottom));
  }
  return {view.area.left, top, wanted.right, wanted.bottom};
}

Status CopyTail(const Rect& tail, int channels, AlignedBuffer* buffer, PixelView* view) {
  if (tail.height() == 0) return {};
  const size_t row = static_cast<size_t>(channels) * static_cast<size_t>(tail.width());
  REGCORE_RETURN_IF_ERROR(buffer->Reserve(row * static_cast<size_t>(tail.height()) + kReadSlack));
  uint8_t* out = buffer->data();
  for (int y = tail.top; y < tail.bottom; ++y, out += row) std::memcpy(out, view->Row(y), row);
  view->tail = buffer->data();
  view->tail_stride = static_cast<ptrdiff_t>(row);
  view->tail_top = tail.top;
  return {};
}

}  // namespace regcore
