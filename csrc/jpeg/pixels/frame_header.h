// What the frame header of a JPEG says of its picture.
#pragma once

#include <cstdint>

namespace regcore {

struct FrameComponent {
  int blocks_across = 1;  // in an MCU
  int blocks_down = 1;
  const uint16_t* quantization = nullptr;  // [64], row by row
};

// ITU-T T.81, B.2.3.
inline constexpr int kMaxBlocksOfMcu = 10;

enum class JpegColours { kGrey, kYcc, kRgb };

struct FrameHeader {
  int width = 0;  // in pixels
  int height = 0;
  JpegColours colours = JpegColours::kGrey;
  int components = 0;  // 1 or 3
  FrameComponent component[3];

  // How many samples of the first component there are to one of a component, across and down.
  int ratio_across(int c) const { return component[0].blocks_across / component[c].blocks_across; }
  int ratio_down(int c) const { return component[0].blocks_down / component[c].blocks_down; }

  int mcu_width() const { return 8 * component[0].blocks_across; }
  int mcu_height() const { return 8 * component[0].blocks_down; }
  int mcus_across() const { return (width + mcu_width() - 1) / mcu_width(); }
  int mcus_down() const { return (height + mcu_height() - 1) / mcu_height(); }
};

}  // namespace regcore
