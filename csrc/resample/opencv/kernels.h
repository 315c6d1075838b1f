// The kernels of OpenCV's methods.
//
// A row of an intermediate image is what OpenCV keeps of a row of pixels, and one row follows the
// other, so that `horizontal` may begin with any row.
#pragma once

#include "resample/kernels.h"

namespace regcore {

// Every level gives the same bytes.
struct OpencvKernels {
  ResampleKernel linear;
  ResampleKernel area;
  ResampleKernel box;  // integer scales
  ResampleKernel lanczos;
  ResampleKernel cubic;
};

const OpencvKernels& OpencvKernelsFor(SimdLevel level);

// What kPick (resample/pick.h) must equal.
extern const ResampleKernel kOpencvNearest;

extern const OpencvKernels kOpencvPortable;
extern const OpencvKernels kOpencvAvx2;
extern const OpencvKernels kOpencvAvx512;
extern const OpencvKernels kOpencvAvx512Vbmi;

}  // namespace regcore
