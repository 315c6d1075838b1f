// What the caller does for the core: decodes what is not a JPEG of ours, and fetches bytes that are
// in no file.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/image_limits.h"
#include "base/image_view.h"
#include "base/memory_budget.h"

namespace regcore {

class ExternalImage {
 public:
  // `bytes` is the encoded image, `channels` are those that are wanted. What comes after decoding
  // needs `row_bytes` for each of its rows, and `window_bytes`.
  ExternalImage(const DecodeLimits& limits, const uint8_t* bytes, size_t size, int channels,
                size_t row_bytes, size_t window_bytes, Reservation* reservation,
                AlignedBuffer* pixels)
      : limits_(limits),
        bytes_(bytes),
        size_(size),
        channels_(channels),
        row_bytes_(row_bytes),
        window_bytes_(window_bytes),
        reservation_(*reservation),
        pixels_(*pixels) {}

  // The encoded image: the bytes that were checked, whatever has become of their file.
  const uint8_t* bytes() const { return bytes_; }
  size_t size() const { return size_; }

  int channels() const { return channels_; }

  // To be called when the size is known and before anything is decoded: checks the limits, waits
  // for memory. `bytes_per_pixel`: what the decoder will hold, with its intermediate images.
  Status Reserve(int width, int height, size_t bytes_per_pixel);

  // The memory for all pixels, each so many bytes as there are channels, without gaps. The image is
  // at most as large as reserved.
  Status Allocate(int width, int height, uint8_t** pixels);

  const PixelView& view() const { return view_; }

  int orientation = 1;    // of EXIF
  bool clipped = false;   // its values had more than 8 bits
  bool complete = false;  // all pixels are there

 private:
  const DecodeLimits& limits_;
  const uint8_t* const bytes_;
  const size_t size_;
  const int channels_;
  const size_t row_bytes_;
  const size_t window_bytes_;
  Reservation& reservation_;
  AlignedBuffer& pixels_;
  int64_t reserved_pixels_ = 0;
  PixelView view_;
};

// The functions are called from worker threads; the items are those of the list, by index.
struct ExternalDecoder {
  Status (*decode)(void* context, size_t index, ExternalImage* image) = nullptr;
  // The bytes of an item on demand, which stay until `release`; that is called if this was ok.
  Status (*fetch)(void* context, size_t index, const uint8_t** bytes, size_t* size) = nullptr;
  void (*release)(void* context, size_t index) = nullptr;
  void* context = nullptr;
};

}  // namespace regcore
