// The coefficients of MCUs side by side, as the inverse DCT reads them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/status.h"
#include "jpeg/baseline/kernels.h"
#include "jpeg/baseline/scan_header.h"
#include "jpeg/pixels/block_groups.h"

namespace regcore {

// Blocks lie as jpeg/pixels/block_groups.h says. Whoever reads coefficients leaves zeros.
class Coefficients {
 public:
  static constexpr int kMaxComponents = 3;
  static constexpr int kMaxBlocksDown = 2;

  static size_t BytesFor(const ScanHeader& scan, int mcus);

  // For `mcus` MCUs side by side, in groups of 1, 2 or kMaxGroup blocks. All coefficients are 0
  // then.
  Status Prepare(const ScanHeader& scan, int mcus, int group);

  const BlockLayout& layout() const { return layout_; }

  // Row `row` of blocks of one component; and block `across` of it.
  int16_t* Row(int component, int row) const { return rows_[component][row]; }
  int16_t* Block(int component, int row, int across) const {
    const unsigned at = static_cast<unsigned>(across);
    return Row(component, row) + (at >> shift_) * (kBlockSize << shift_) + 8 * (at & mask_);
  }

  // The groups that the first `mcus` MCUs fill in every row of blocks of one component.
  size_t groups(int component, int mcus) const {
    return (static_cast<size_t>(blocks_across_[component] * mcus) + mask_) >> shift_;
  }

  size_t capacity() const { return buffer_.capacity(); }
  void Release();

 private:
  AlignedBuffer buffer_;
  BlockLayout layout_;
  unsigned shift_ = 0;
  unsigned mask_ = 0;
  int16_t* rows_[kMaxComponents][kMaxBlocksDown] = {};
  int blocks_across_[kMaxComponents] = {};  // in an MCU
};

}  // namespace regcore
