// The samples of one row of MCUs, and what the next one still needs of the one before.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/status.h"
#include "jpeg/pixels/frame_header.h"
#include "jpeg/pixels/kernels.h"

namespace regcore {

// Rows are counted from the top of the row of MCUs; row -1 is the last one of the row above.
class SampleRows {
 public:
  static size_t BytesFor(const FrameHeader& frame, int mcus);

  Status Prepare(const FrameHeader& frame, int mcus);

  // The samples of one component; [-1] and what lies kSampleSlack past the last sample can be read
  // and written.
  uint8_t* Row(int component, int row) const { return planes_[component] + (row + 1) * stride_; }
  ptrdiff_t stride() const { return stride_; }

  // The last row becomes row -1, which only vertical upsampling looks at.
  void Advance(const FrameHeader& frame);

  // Room for a row in full width of each component but the first, counted from 0.
  uint8_t* Upsampled(int component) const { return upsampled_ + component * stride_; }

  size_t capacity() const { return buffer_.capacity(); }
  void Release() { buffer_.Release(); }

 private:
  AlignedBuffer buffer_;
  ptrdiff_t stride_ = 0;
  uint8_t* planes_[kMaxComponents] = {};
  uint8_t* upsampled_ = nullptr;
};

}  // namespace regcore
