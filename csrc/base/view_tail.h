// Views of memory that others own, and that ends with the picture.
#pragma once

#include "base/aligned_buffer.h"
#include "base/image_view.h"
#include "base/status.h"

namespace regcore {

// A kernel that reads the pixels of `wanted` may read kReadSlack bytes past those of any row. The
// rows for which these lie beyond the end of the view's memory, from its left side to that of
// `wanted`; none, if rows do not follow each other upwards, may be read so far.
Rect TailOf(const PixelView& view, const Rect& wanted, int channels);

// Copies TailOf into `buffer`, with room past its end, and makes it the view's tail. Only code that
// goes from row to row by PixelView::Row may be given such a view.
Status CopyTail(const Rect& tail, int channels, AlignedBuffer* buffer, PixelView* view);

}  // namespace regcore
