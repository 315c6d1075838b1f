// What the headers of a JPEG say of its one scan.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jpeg/entropy/huffman_spec.h"
#include "jpeg/pixels/frame_header.h"

namespace regcore {

// A sequential Huffman-coded scan that holds all of the image.
struct ScanHeader {
  FrameHeader frame;
  HuffmanSpec dc[kMaxComponents];  // of each component
  HuffmanSpec ac[kMaxComponents];
  unsigned restart_interval = 0;  // in MCUs; 0: none
  const uint8_t* data = nullptr;  // of the scan, to the end of the file
  size_t size = 0;
};

}  // namespace regcore
