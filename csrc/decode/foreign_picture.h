// Where a foreign decoder, one for what is not a JPEG of ours, puts its pixels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "decode/decode_limits.h"
#include "decode/memory_budget.h"
#include "image.h"

namespace regcore {

class ForeignPicture {
 public:
  // `file_bytes`: of memory that the encoded image takes; `row_bytes`: of what comes after
  // decoding.
  ForeignPicture(const DecodeLimits& limits, size_t file_bytes, size_t row_bytes,
                 Reservation* reservation, AlignedBuffer* pixels)
      : limits_(limits),
        file_bytes_(file_bytes),
        row_bytes_(row_bytes),
        reservation_(*reservation),
        pixels_(*pixels) {}

  // To be called when the size is known and before anything is decoded: checks the limits, waits
  // for memory. `bytes_per_pixel`: what the decoder will hold, with its intermediate pictures.
  Status Reserve(int width, int height, size_t bytes_per_pixel);

  // The memory for all pixels, RGB8 without gaps. The picture is at most as large as reserved.
  Status Allocate(int width, int height, uint8_t** pixels);

  const RgbView& view() const { return view_; }

  int orientation = 1;    // of EXIF
  bool complete = false;  // all pixels are there

 private:
  const DecodeLimits& limits_;
  const size_t file_bytes_;
  const size_t row_bytes_;
  Reservation& reservation_;
  AlignedBuffer& pixels_;
  int64_t reserved_pixels_ = 0;
  RgbView view_;
};

// `decode` is called from worker threads; the items are those of the list, by index.
struct ForeignDecoder {
  Status (*decode)(void* context, size_t index, ForeignPicture* picture) = nullptr;
  void* context = nullptr;
};

}  // namespace regcore
