// Which blocks of an image are kept, and where.
#pragma once

#include <cstdint>

#include "jpeg/pixels/coefficients.h"
#include "jpeg/pixels/frame_header.h"
#include "jpeg/pixels/reconstruction.h"

namespace regcore {

// Those of an area, row by row in `coefficients`. Rows and columns are counted in blocks of a
// component, from the top left of the image.
class KeptBlocks {
 public:
  KeptBlocks() = default;
  KeptBlocks(const FrameHeader& frame, const McuArea& area, const Coefficients& coefficients)
      : frame_(&frame), area_(area), coefficients_(&coefficients) {}

  // The last one is excluded.
  int first_row(int component) const { return area_.first_row * Of(component).blocks_down; }
  int last_row(int component) const { return area_.last_row * Of(component).blocks_down; }
  int first_column(int component) const { return area_.first_mcu * Of(component).blocks_across; }
  int last_column(int component) const { return area_.last_mcu * Of(component).blocks_across; }

  // The kept ones of a row; without any, its data are null.
  BlockRow Row(int component, int row) const {
    if (row < first_row(component) || row >= last_row(component)) return {};
    return coefficients_->Row(component, row - first_row(component));
  }

  // Where the coefficients of a block lie.
  const BlockLayout& layout() const { return coefficients_->layout(); }

 private:
  const FrameComponent& Of(int component) const { return frame_->component[component]; }

  const FrameHeader* frame_ = nullptr;
  McuArea area_;
  const Coefficients* coefficients_ = nullptr;
};

}  // namespace regcore
