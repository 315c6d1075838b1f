// Rows to columns.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/image_view.h"

namespace regcore {

// Row x of the result, `stride` bytes after the row before, is column x of `view`.
void Transpose(const PixelView& view, int channels, uint8_t* out, ptrdiff_t stride);

}  // namespace regcore
