// What is done to every pixel beside the resample itself: alpha, and the sums of Image.reduce.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/simd_level.h"

namespace regcore {

struct PixelKernel {
  // Pillow's RGBA → RGBa and back, `pixels` of four bytes each; `out` may be the input itself.
  void (*premultiply)(const uint8_t* rgba, size_t pixels, uint8_t* out);
  void (*unpremultiply)(const uint8_t* premultiplied, size_t pixels, uint8_t* out);

  // Adds `count` bytes to as many sums, modulo 2^16.
  void (*add_bytes)(const uint8_t* bytes, size_t count, uint16_t* sums);
};

// Every level gives the same bytes.
const PixelKernel& PixelKernelFor(SimdLevel level);

extern const PixelKernel kPixelPortable;
extern const PixelKernel kPixelAvx2;

}  // namespace regcore
