#include "jpeg/baseline/sample_rows.h"

#include <cstring>

namespace regcore {
namespace {

constexpr size_t kMargin = AlignedBuffer::kAlignment;  // before the first sample

size_t Stride(const ScanHeader& scan, int mcus) {
  const size_t width = static_cast<size_t>(mcus * scan.mcu_width());
  return kMargin + (width + kSampleSlack - 1) / kSampleSlack * kSampleSlack + 2 * kSampleSlack;
}

// With the row above and, for chroma, the row below.
size_t Rows(const ScanHeader& scan) {
  size_t rows = 0;
  for (int c = 0; c < scan.components; ++c) {
    rows += 8 * static_cast<size_t>(scan.component[c].blocks_down) + 2;
  }
  return rows + 2;  // of upsampled chroma
}

}  // namespace

size_t SampleRows::BytesFor(const ScanHeader& scan, int mcus) {
  return Stride(scan, mcus) * Rows(scan);
}

Status SampleRows::Prepare(const ScanHeader& scan, int mcus) {
  const size_t bytes = BytesFor(scan, mcus);
  REGCORE_RETURN_IF_ERROR(buffer_.Reserve(bytes));
  // Grey is decoded with chroma of 128; and what kernels read too much is at least the same always.
  std::memset(buffer_.data(), 128, bytes);
  stride_ = static_cast<ptrdiff_t>(Stride(scan, mcus));
  uint8_t* next = buffer_.data() + kMargin;
  for (int c = 0; c < scan.components; ++c) {
    planes_[c] = next;
    next += (8 * scan.component[c].blocks_down + 2) * stride_;
  }
  planes_[3] = next;
  return {};
}

void SampleRows::Advance(const ScanHeader& scan) {
  if (scan.component[0].blocks_down == 1) return;
  for (int c = 0; c < scan.components; ++c) {
    const int last = 8 * scan.component[c].blocks_down - 1;
    std::memcpy(Row(c, -1) - 1, Row(c, last) - 1, static_cast<size_t>(stride_));
  }
}

}  // namespace regcore
