// Where an image comes from.
#pragma once

#include <cstddef>
#include <cstdint>

#include "files/file_range.h"

namespace regcore {

// The memory is the caller's and outlives the job.
struct ImageSource {
  const char* path = nullptr;  // a file, if not null
  bool is_part = false;        // of that file, `part` is the image
  FileRange part;
  bool on_demand = false;         // its bytes are had from ExternalDecoder::fetch
  const uint8_t* data = nullptr;  // else: the bytes of a file or, if width > 0, RGB8 pixels
  size_t size = 0;                // bytes of a file
  int width = 0;
  int height = 0;
  ptrdiff_t stride = 0;  // bytes from row to row
  bool clipped = false;  // pixels whose values had more than 8 bits before
};

}  // namespace regcore
