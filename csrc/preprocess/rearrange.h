// Pixels that are copied before the resize: turned, or without colours.
#pragma once

#include "base/aligned_buffer.h"
#include "base/image_view.h"
#include "base/status.h"

namespace regcore {

// An orientation is one of EXIF's (Exif 2.32, tag 0x0112), 1 to 8; 1 is upright. From 5 on it makes
// columns of rows.
inline bool SwapsSides(int orientation) { return orientation >= 5; }

inline constexpr int kUpright = 1;
inline constexpr int kTransposed = 5;  // makes columns of rows, and nothing else

// Where the part `upright` of the turned picture lies in the picture as it is stored, which is
// `width` pixels wide and `height` high.
Rect StoredArea(const Rect& upright, int orientation, int width, int height);

// Copies the part `upright` of the turned picture into `pixels` and sets `turned`, which may be
// `view` itself, to it. `view` has its StoredArea, which is not empty. Pixels have 1, 3 or 4 bytes.
Status Turn(const PixelView& view, const Rect& upright, int orientation, int width, int height,
            AlignedBuffer* pixels, PixelView* turned, int channels = 3);

// Copies `area` of the view into `pixels`, three times the luma for each pixel, by the weights of
// Pillow's convert("L"), and sets `grey`, which may be `view` itself, to it.
Status ToLuma(const RgbView& view, const Rect& area, AlignedBuffer* pixels, RgbView* grey);

}  // namespace regcore
