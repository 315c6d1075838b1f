#include "jpeg/pixels/sample_rows.h"

#include <algorithm>
#include <cstring>

namespace regcore {
namespace {

constexpr size_t kMargin = AlignedBuffer::kAlignment;  // before the first sample

size_t Stride(const FrameHeader& frame, int mcus) {
  const size_t width = static_cast<size_t>(mcus * frame.mcu_width());
  return kMargin + (width + kSampleSlack - 1) / kSampleSlack * kSampleSlack + 2 * kSampleSlack;
}

// With the row above and, for chroma, the row below.
size_t Rows(const FrameHeader& frame) {
  size_t rows = 0;
  for (int c = 0; c < frame.components; ++c) {
    rows += 8 * static_cast<size_t>(frame.component[c].blocks_down) + 2;
  }
  const int upsampled = std::max(frame.components - 1, 2);  // grey is decoded with chroma
  return rows + static_cast<size_t>(upsampled);
}

}  // namespace

size_t SampleRows::BytesFor(const FrameHeader& frame, int mcus) {
  return Stride(frame, mcus) * Rows(frame);
}

Status SampleRows::Prepare(const FrameHeader& frame, int mcus) {
  const size_t bytes = BytesFor(frame, mcus);
  REGCORE_RETURN_IF_ERROR(buffer_.Reserve(bytes));
  // Grey is decoded with chroma of 128; and what kernels read too much is at least the same always.
  std::memset(buffer_.data(), 128, bytes);
  stride_ = static_cast<ptrdiff_t>(Stride(frame, mcus));
  uint8_t* next = buffer_.data() + kMargin;
  for (int c = 0; c < frame.components; ++c) {
    planes_[c] = next;
    next += (8 * frame.component[c].blocks_down + 2) * stride_;
  }
  upsampled_ = next;
  return {};
}

void SampleRows::Advance(const FrameHeader& frame) {
  if (frame.ratio_down(frame.chroma()) == 1) return;
  for (int c = 0; c < frame.components; ++c) {
    const int last = 8 * frame.component[c].blocks_down - 1;
    std::memcpy(Row(c, -1) - 1, Row(c, last) - 1, static_cast<size_t>(stride_));
  }
}

}  // namespace regcore
