// The pages in which a picture lies.
#pragma once

#include "base/image_view.h"

namespace regcore {

// Has the addresses of the rows of `wanted` translated, whose pixels may be in no cache: many pages
// at once, as a kernel that comes to one page after the other would wait for each.
void FetchTranslations(const PixelView& view, const Rect& wanted, int channels);

}  // namespace regcore
