// The bytes between two markers of a scan, without the zeros stuffed in after each 0xFF.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/status.h"

namespace regcore {

class EntropySegments {
 public:
  // Zeros after the bytes of a segment. Whoever reads on looks now and then whether it is 8 bytes
  // past the end (ReadBlocks), and never leaves the buffer.
  static constexpr size_t kReadAhead = 64;

  static size_t BytesFor(size_t scan_size) { return scan_size + kReadAhead; }

  // `data` is what follows the scan's header, and must outlive the segments.
  Status Open(const uint8_t* data, size_t size);

  // Goes to the next segment. False: no marker ends it.
  bool Next();

  const uint8_t* begin() const { return buffer_.data(); }
  const uint8_t* end() const { return buffer_.data() + size_; }

  // The code of the marker that ends the segment, and what follows it.
  uint8_t marker() const { return marker_; }
  const uint8_t* rest() const { return next_; }

  size_t capacity() const { return buffer_.capacity(); }
  void Release() { buffer_.Release(); }

 private:
  AlignedBuffer buffer_;
  size_t size_ = 0;
  uint8_t marker_ = 0;
  const uint8_t* next_ = nullptr;
  const uint8_t* end_ = nullptr;
};

}  // namespace regcore
