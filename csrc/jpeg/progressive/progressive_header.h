// What the headers of a progressive JPEG say up to its first scan.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jpeg/entropy/huffman_spec.h"
#include "jpeg/pixels/frame_header.h"

namespace regcore {

inline constexpr int kMaxTables = 4;  // of a class

// As in a SOS segment (ITU-T T.81, B.2.3).
struct ProgressiveScan {
  int components = 0;
  int component[kMaxComponents] = {};  // which of the frame's, in its order
  int dc_table[kMaxComponents] = {};   // of each
  int ac_table[kMaxComponents] = {};
  int first = 0;  // the band of coefficients, in zigzag order from 0
  int last = 0;
  int high = 0;  // the bit before which an earlier scan ended; 0: there was none
  int low = 0;   // the lowest bit that is sent
};

struct ProgressiveHeader {
  FrameHeader frame;
  uint8_t name[kMaxComponents] = {};  // of each component
  HuffmanSpec dc[kMaxTables];         // those that are defined so far
  HuffmanSpec ac[kMaxTables];
  unsigned restart_interval = 0;  // in MCUs; 0: none
  ProgressiveScan scan;           // the first one
  const uint8_t* data = nullptr;  // of the first scan, to the end of the file
  size_t size = 0;
};

}  // namespace regcore
