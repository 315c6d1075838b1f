// What the frame header of a JPEG says of its picture.
#pragma once

#include <cstdint>

namespace regcore {

struct FrameComponent {
  int blocks_across = 1;  // in an MCU
  int blocks_down = 1;
  const uint16_t* quantization = nullptr;  // [64], row by row
};

// Grey, or YCbCr with one block of each chroma component to an MCU.
struct FrameHeader {
  int width = 0;  // in pixels
  int height = 0;
  int components = 0;  // 1 or 3
  FrameComponent component[3];

  int mcu_width() const { return 8 * component[0].blocks_across; }
  int mcu_height() const { return 8 * component[0].blocks_down; }
  int mcus_across() const { return (width + mcu_width() - 1) / mcu_width(); }
  int mcus_down() const { return (height + mcu_height() - 1) / mcu_height(); }
};

}  // namespace regcore
