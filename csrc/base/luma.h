// The brightness of a pixel.
#pragma once

#include <cstdint>

namespace regcore {

// As Pillow's convert("L") of the three bytes of an RGB pixel.
inline uint8_t Luma(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

}  // namespace regcore
