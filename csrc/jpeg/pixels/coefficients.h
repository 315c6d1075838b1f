// The coefficients of rows of MCUs, as the inverse DCT reads them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/status.h"
#include "jpeg/pixels/block_groups.h"
#include "jpeg/pixels/frame_header.h"

namespace regcore {

// Blocks lie as jpeg/pixels/block_groups.h says. Whoever reads coefficients leaves zeros.
class Coefficients {
 public:
  static size_t BytesFor(const FrameHeader& frame, int mcus, int mcu_rows);

  // For `mcu_rows` rows of `mcus` MCUs, in groups of 1, 2 or kMaxGroup blocks. All coefficients are
  // 0 then.
  Status Prepare(const FrameHeader& frame, int mcus, int mcu_rows, int group);

  const BlockLayout& layout() const { return layout_; }

  // Row `row` of blocks of one component, from the first row of MCUs on.
  BlockRow Row(int component, int row) const {
    return {first_row_[component] + row * stride_[component], shift_};
  }

  // The groups that the first `mcus` MCUs fill in every row of blocks of one component.
  size_t groups(int component, int mcus) const {
    const unsigned blocks = static_cast<unsigned>(blocks_across_[component] * mcus);
    return (blocks + (1u << shift_) - 1) >> shift_;
  }

  size_t capacity() const { return buffer_.capacity(); }
  void Release();

 private:
  AlignedBuffer buffer_;
  BlockLayout layout_;
  unsigned shift_ = 0;
  int16_t* first_row_[kMaxComponents] = {};
  ptrdiff_t stride_[kMaxComponents] = {};   // of rows, in numbers
  int blocks_across_[kMaxComponents] = {};  // in an MCU
};

}  // namespace regcore
