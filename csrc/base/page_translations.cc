#include "base/page_translations.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace regcore {

void FetchTranslations(const PixelView& view, const Rect& wanted, int channels) {
  constexpr ptrdiff_t kPage = 4096;
  constexpr ptrdiff_t kMost = 1024;  // in all, fewer than a processor remembers
  const ptrdiff_t distance = std::max<ptrdiff_t>(std::abs(view.stride), 1);
  const ptrdiff_t rows = std::max<ptrdiff_t>(kPage / distance, 1);  // that lie in a page
  const ptrdiff_t left = ptrdiff_t{channels} * (wanted.left - view.area.left);
  const ptrdiff_t right = ptrdiff_t{channels} * (wanted.right - view.area.left);
  const ptrdiff_t of_row = std::max<ptrdiff_t>((right - left + kPage - 1) / kPage, 1);
  const ptrdiff_t end = std::min<ptrdiff_t>(wanted.bottom, wanted.top + kMost / of_row * rows);
  for (ptrdiff_t y = wanted.top; y < end; y += rows) {
    const uint8_t* const row = view.Row(static_cast<int>(y));
    for (ptrdiff_t x = left; x < right; x += kPage) __builtin_prefetch(row + x, 0, 2);
  }
}

}  // namespace regcore
