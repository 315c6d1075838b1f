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

// Of inks: three and black.
inline constexpr int kMaxComponents = 4;

enum class JpegColours { kGrey, kYcc, kRgb, kCmyk, kYcck };

struct FrameHeader {
  int width = 0;  // in pixels
  int height = 0;
  JpegColours colours = JpegColours::kGrey;
  int components = 0;  // 1, 3 or 4
  FrameComponent component[kMaxComponents];

  // How many samples of the first component there are to one of a component, across and down.
  int ratio_across(int c) const { return component[0].blocks_across / component[c].blocks_across; }
  int ratio_down(int c) const { return component[0].blocks_down / component[c].blocks_down; }

  // The component whose samples are the fewest: of those that are decoded here, some have as many
  // as the first one, and all others as many as this.
  int chroma() const { return components == 1 ? 0 : 1; }

  int mcu_width() const { return 8 * component[0].blocks_across; }
  int mcu_height() const { return 8 * component[0].blocks_down; }
  int mcus_across() const { return (width + mcu_width() - 1) / mcu_width(); }
  int mcus_down() const { return (height + mcu_height() - 1) / mcu_height(); }
};

}  // namespace regcore
