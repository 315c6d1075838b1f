// Pillow's Image.reduce: the mean of every block of pixels.
#pragma once

#include "base/image_view.h"
#include "resize/kernels.h"

namespace regcore {

// Blocks of factor_x x factor_y pixels.
struct ReduceFactors {
  int x;
  int y;
};

// Pixels `wanted` of the reduced picture, without gaps between the rows, to `out`. Pixel (0, 0) is
// the mean of the block whose corner is that of `part`, the part of the picture that is reduced;
// the blocks at its other ends may be cut off. `source` has what the wanted blocks cover.
void Reduce(const PixelKernel& kernel, const PixelView& source, int channels, const Rect& part,
            ReduceFactors factors, const Rect& wanted, uint8_t* out);

// The pixels of the source that the blocks `wanted` cover.
Rect ReducedFrom(const Rect& part, ReduceFactors factors, const Rect& wanted);

}  // namespace regcore
