// Which coefficients of each block of an image are not 0 so far.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/status.h"
#include "jpeg/pixels/frame_header.h"

namespace regcore {

// A history is 64 bits, from the highest on in zigzag order; that of the first coefficient, which
// none depends on, is never set. How many bits a
// later scan has for a block depends on it, so that it is kept of all blocks, while the
// coefficients themselves, 16 times as many bits, are kept only where they are wanted.
class BlockHistories {
 public:
  static size_t BytesFor(const FrameHeader& frame);

  // All coefficients are 0 then.
  Status Prepare(const FrameHeader& frame);

  // Those of a row of blocks of one component.
  uint64_t* Row(int component, int row) {
    return reinterpret_cast<uint64_t*>(buffer_.data()) + first_[component] +
           static_cast<size_t>(row) * stride_[component];
  }

  size_t capacity() const { return buffer_.capacity(); }
  void Release() { buffer_.Release(); }

 private:
  AlignedBuffer buffer_;
  size_t first_[kMaxComponents] = {};
  size_t stride_[kMaxComponents] = {};
};

}  // namespace regcore
