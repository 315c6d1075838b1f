// From coefficients to pixels, by instruction set: inverse DCT, chroma upsampling, YCbCr to RGB.
// The arithmetic is libjpeg's for JDCT_ISLOW and fancy upsampling, whose every rounding counts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/simd_level.h"
#include "jpeg/pixels/frame_header.h"

namespace regcore {

// The most that the coefficients of a block, times their quantisation steps, may add up to without
// their signs. Up to there no 16-bit number of any implementation of ISLOW overflows: a pass
// multiplies by at most sqrt(2) cos(pi/16) < 1.3871, the first one leaves two bits more, and the
// second one adds two numbers of the first in 16 bits at most: 4 * 1.3871 * 5900 + 2 < 2^15. Only
// such 8-bit images as black and white noise have more.
inline constexpr int kMaxCoefficientSum = 5900;

// All implementations clamp alike pixels, less 128, from -1 - this to this.
inline constexpr int kMaxPixelMagnitude = 511;

// Up to here steps times coefficients, of at most 11 bits, add up in 32 bits.
inline constexpr int kLargestStep = 8191;

// A row of each component, of as many samples.
struct ComponentRows {
  const uint8_t* of[kMaxComponents];
};

// Makes `count` pixels of them, interleaved.
using ToRgb = void (*)(const ComponentRows& rows, size_t count, uint8_t* rgb);

struct PixelKernels {
  // Blocks side by side that inverse_dct takes at once: 1, 2 or 4.
  int group;

  // Writes `groups` groups of blocks (see block_groups.h) as 8 rows of samples. `steps` of the
  // quantisation are row by row, none above kLargestStep. False: a block is out of range, and the
  // samples mean nothing.
  bool (*inverse_dct)(int16_t* blocks, size_t groups, const int16_t* steps, uint8_t* samples,
                      ptrdiff_t stride);

  // A row of `count` samples becomes one twice as wide. Reads samples[-1] and samples[count].
  void (*upsample_h2v1)(const uint8_t* samples, size_t count, uint8_t* out);

  // The same from the two nearest rows; the row of output is closer to `near`.
  void (*upsample_h2v2)(const uint8_t* near, const uint8_t* far, size_t count, uint8_t* out);

  // From the two nearest rows, but no wider; `rounding` is added before the division by 4.
  void (*upsample_h1v2)(const uint8_t* near, const uint8_t* far, uint8_t rounding, size_t count,
                        uint8_t* out);

  ToRgb ycc_to_rgb;

  // Of red, green and blue.
  ToRgb planes_to_rgb;

  // Of inks and black, and of the same in luma and chroma; see inks.h.
  ToRgb cmyk_to_rgb;
  ToRgb ycck_to_rgb;
};

// How far kernels read and write past what they are told: in samples, or in pixels of RGB.
inline constexpr size_t kSampleSlack = 64;

// Every level gives the same bytes; kPortable is the plain loop that the others are tested against.
const PixelKernels& PixelKernelsFor(SimdLevel level);

extern const PixelKernels kPixelKernelsPortable;
extern const PixelKernels kPixelKernelsAvx2;
extern const PixelKernels kPixelKernelsAvx512;
extern const PixelKernels kPixelKernelsAvx512Vbmi;
extern const PixelKernels kPixelKernelsNeon;

}  // namespace regcore
