// Where the blocks of MCUs go, in the order in which a scan has them.
#pragma once

#include <cstddef>

#include "base/aligned_buffer.h"
#include "base/status.h"
#include "jpeg/baseline/kernels.h"
#include "jpeg/baseline/scan_tables.h"
#include "jpeg/pixels/coefficients.h"
#include "jpeg/pixels/frame_header.h"

namespace regcore {

class BlockTargets {
 public:
  static size_t BytesFor(int mcus);

  // `mcus` MCUs side by side, in `coefficients`, which are prepared for as many. Without, only the
  // first coefficients of blocks are kept, in memory of the targets' own.
  Status Prepare(const FrameHeader& frame, const ComponentTables* tables, int mcus,
                 const Coefficients* coefficients);

  // Those of MCU `mcu` and of all after it, and how many an MCU has.
  const BlockTarget* Mcu(int mcu) const { return targets() + static_cast<size_t>(mcu) * per_mcu(); }
  size_t per_mcu() const { return first_of_[components_]; }
  const BlockLayout& layout() const { return *layout_; }

  // Adds up the first coefficients of `count` MCUs, from MCU `first` on, which are less the ones
  // before; `dc` is the sum of each component. False: out of range.
  bool AddUp(int first, int count, int* dc) const;

  size_t capacity() const { return buffer_.capacity(); }
  void Release() { buffer_.Release(); }

 private:
  BlockTarget* targets() { return reinterpret_cast<BlockTarget*>(buffer_.data()); }
  const BlockTarget* targets() const {
    return reinterpret_cast<const BlockTarget*>(buffer_.data());
  }

  AlignedBuffer buffer_;
  const BlockLayout* layout_ = nullptr;
  int components_ = 0;
  size_t first_of_[kMaxComponents + 1] = {};  // in an MCU; then: how many there are
};

}  // namespace regcore
