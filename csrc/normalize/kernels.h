// The normalise kernels' common shape, and their choice.
#pragma once

#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/simd_level.h"
#include "normalize/normalize_table.h"

namespace regcore {

// One instruction set. `rgb` is one row of `width` pixels with kReadSlack past it; outputs are
// written exactly, never past `width` values of a plane or 3 * `width` interleaved ones. All but
// the portable one know a single formula, of float32 and float16 that of NormalizeTable's constants
// and of bytes the pixels themselves: Normalizer tries them before it takes them.
struct NormalizeKernel {
  void (*planar_single)(const uint8_t* rgb, int width, const NormalizeTable&, float* const out[3]);
  void (*planar_half)(const uint8_t* rgb, int width, const NormalizeTable&, uint16_t* const out[3]);
  void (*planar_bytes)(const uint8_t* rgb, int width, const NormalizeTable&, uint8_t* const out[3]);
  void (*interleaved_single)(const uint8_t* rgb, int width, const NormalizeTable&, float* out);
  void (*interleaved_half)(const uint8_t* rgb, int width, const NormalizeTable&, uint16_t* out);
  void (*interleaved_bytes)(const uint8_t* rgb, int width, const NormalizeTable&, uint8_t* out);
};

const NormalizeKernel& NormalizeKernelFor(SimdLevel level);

// By table: the twin that the others must equal.
extern const NormalizeKernel kNormalizePortable;
extern const NormalizeKernel kNormalizeAvx2;
extern const NormalizeKernel kNormalizeAvx512;
extern const NormalizeKernel kNormalizeNeon;

}  // namespace regcore
