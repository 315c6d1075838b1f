// torch's two passes in float32 over uint8 pixels, rounded to uint8 at the end.
//
// Each output adds the products of its window one after the other. The compiler of torch's wheels
// (GCC 13, for AVX2; there is no AVX-512 variant) multiplies the taps after the first one four at a
// time, and adds these products rounded; those that are left it adds by fused multiply-adds.
#pragma once

#include "resample/kernels.h"

namespace regcore {

// How many taps of a window of `length`, the first ones, are multiplied and added with two
// roundings; the rest have one.
inline int RoundedTaps(int length) { return 1 + (length - 1) / 4 * 4; }

// For three channels, and plans of MakeTorchFloatPlan. Every level gives the same bytes.
const ResampleKernel& TorchFloatKernelFor(SimdLevel level);

// The obvious loops, the twin that the others must equal.
extern const ResampleKernel kTorchFloatPortable;
extern const ResampleKernel kTorchFloatAvx2;
extern const ResampleKernel kTorchFloatAvx512;

}  // namespace regcore
