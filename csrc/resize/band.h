// Some consecutive lines of a picture's result: both passes, in memory that does not grow with the
// picture.
#pragma once

#include "base/aligned_buffer.h"
#include "base/image_view.h"
#include "base/status.h"
#include "resize/line_source.h"
#include "resize/picture_plan.h"
#include "resize/result_view.h"

namespace regcore {

// Belongs to one thread; its memory is reused from picture to picture.
class BandResizer {
 public:
  // Lines [begin, end) of the plan's result. `picture`, `readable`: as LineSource::Begin.
  Status Run(const PicturePlan& plan, const PixelView& picture, bool readable, int begin, int end,
             const ResultView& out);

  size_t HeldBytes() const;
  void Release();

 private:
  Status Resample(int begin, int end);
  Status FillFrom(int begin);
  void Store(int first, int count, ptrdiff_t row_bytes);

  const PicturePlan* plan_ = nullptr;
  PixelView picture_;
  ResultView out_;
  LineSource source_;
  AlignedBuffer intermediate_;  // lines [held_begin_, held_end_) after the first pass
  AlignedBuffer rows_;          // finished lines on their way to the result
  int held_begin_ = 0;
  int held_end_ = 0;
  int capacity_ = 0;    // lines of intermediate_
  int source_end_ = 0;  // after the last line that this band needs
};

}  // namespace regcore
