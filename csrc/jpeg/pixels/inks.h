// RGB of CMYK, as Pillow makes it. YCCK is luma and chroma of 255 less the inks, and black.
#pragma once

#include <cstddef>
#include <cstdint>

namespace regcore {

// A colour of its ink and of black, both as JPEGs store them: 255 is paper without ink. This is the
// rounded ink * black / 255, and equals Pillow's 255 - k - MULDIV255(c, 255 - k) of the inks
// c = 255 - ink and k = 255 - black.
constexpr uint8_t ColourOfInk(int ink, int black) {
  const int product = ink * black + 128;
  return static_cast<uint8_t>((product + (product >> 8)) >> 8);
}

// Pixels of four bytes become pixels of three.
inline void CmykToRgb(const uint8_t* cmyk, size_t count, uint8_t* rgb) {
  for (size_t i = 0; i < count; ++i, cmyk += 4, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = ColourOfInk(cmyk[c], cmyk[3]);
  }
}

}  // namespace regcore
