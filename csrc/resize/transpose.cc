#include "resize/transpose.h"

#include "base/transpose.h"

namespace regcore {

void Transpose(const PixelView& view, int channels, uint8_t* out, ptrdiff_t stride) {
  const auto transpose = channels == 1   ? TransposePixels<1>
                         : channels == 3 ? TransposePixels<3>
                                         : TransposePixels<4>;
  transpose(view.data, view.stride, view.area.width(), view.area.height(), out, stride);
}

}  // namespace regcore
