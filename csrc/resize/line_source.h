// The lines that the first pass takes, made from the picture's pixels a few at a time.
#pragma once

#include "base/aligned_buffer.h"
#include "base/image_view.h"
#include "base/status.h"
#include "resize/picture_plan.h"

namespace regcore {

// Belongs to one thread; its memory is reused from picture to picture.
class LineSource {
 public:
  // `picture` has the pixels that the plan wants, and `readable` says whether kReadSlack bytes past
  // its end may be read.
  void Begin(const PicturePlan& plan, const PixelView& picture, bool readable);

  // Lines [begin, end) of what the passes take: premultiplied, reduced, transposed, as planned.
  // Valid until the next call.
  Status Lines(int begin, int end, PixelView* lines);

  size_t HeldBytes() const;
  void Release();

 private:
  Status Premultiplied(const Rect& area, PixelView* view);
  Status Reduced(const Rect& area, PixelView* view);
  Status Transposed(PixelView* view);
  Status Reserve(const Rect& area, AlignedBuffer* buffer, PixelView* made) const;

  const PicturePlan* plan_ = nullptr;
  PixelView picture_;
  bool readable_ = false;
  AlignedBuffer colours_;  // premultiplied, or the end of a picture
  AlignedBuffer reduced_;
  AlignedBuffer turned_;
};

}  // namespace regcore
