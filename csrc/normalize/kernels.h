// The normalise kernels' common shape, and their choice.
#pragma once

#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/simd_level.h"
#include "normalize/normalize_table.h"

namespace regcore {

// One instruction set. `rgb` is one row of `width` pixels with kReadSlack past it; outputs are
// written exactly, never past `width` values of a plane or 3 * `width` interleaved ones. All but
// the portable one compute with NormalizeTable's constants, and take bytes for pixels as they are:
// Normalizer tries them before it takes them.
struct NormalizeKernel {
  template <typename T>
  using Planar = void (*)(const uint8_t* rgb, int width, const NormalizeTable&, T* const out[3]);
  template <typename T>
  using Interleaved = void (*)(const uint8_t* rgb, int width, const NormalizeTable&, T* out);

  Planar<float> planar_single;
  Planar<uint16_t> planar_half;
  Planar<uint16_t> planar_bfloat16;
  Planar<uint8_t> planar_quantized;
  Planar<uint8_t> planar_bytes;
  Interleaved<float> interleaved_single;
  Interleaved<uint16_t> interleaved_half;
  Interleaved<uint16_t> interleaved_bfloat16;
  Interleaved<uint8_t> interleaved_quantized;
  Interleaved<uint8_t> interleaved_bytes;
};

const NormalizeKernel& NormalizeKernelFor(SimdLevel level);

// By table: the twin that the others must equal.
extern const NormalizeKernel kNormalizePortable;
extern const NormalizeKernel kNormalizeAvx2;
extern const NormalizeKernel kNormalizeAvx512;
extern const NormalizeKernel kNormalizeNeon;

}  // namespace regcore
