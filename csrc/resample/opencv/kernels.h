// The kernels of OpenCV's methods.
//
// A row of an intermediate image is what OpenCV keeps of a row of pixels, and one row follows the
// other, so that `horizontal` may begin with any row.
#pragma once

#include "resample/kernels.h"

namespace regcore {

// Every level gives the same bytes.
struct OpencvKernels {
  ResampleKernel nearest;
  ResampleKernel linear;
  ResampleKernel area;
  ResampleKernel box;      // integer scales
  ResampleKernel halving;  // both scales are two
  ResampleKernel lanczos;
};

const OpencvKernels& OpencvKernelsFor(SimdLevel level);

extern const OpencvKernels kOpencvPortable;
extern const OpencvKernels kOpencvAvx2;
extern const OpencvKernels kOpencvAvx512;

}  // namespace regcore
