// The kernels of tf.image.resize, for pictures of three channels. Their horizontal pass is put off:
// the intermediate image just says where the picture and the horizontal plan are, both of which
// stay as they are until the last row. So each row can be made in the order of additions that
// TensorFlow has, which is not the same for all filters. Rows are float32, and up to 32 values
// after `columns` are written as well.
#pragma once

#include "resample/kernels.h"

namespace regcore {

struct TensorflowKernels {
  // Plans of fractions: between two pixels of each of two rows, then between these rows.
  ResampleKernel linear;
  // Plans of weights: sums down the columns, then along the row of sums.
  ResampleKernel sums;
  // Plans of areas: sums along each row, then of these, divided by the area.
  ResampleKernel area;
};

const TensorflowKernels& TensorflowKernelsFor(SimdLevel level);

// The plain loops that the others are tested against.
extern const TensorflowKernels kTensorflowPortable;
extern const TensorflowKernels kTensorflowAvx2;
extern const TensorflowKernels kTensorflowAvx512;

}  // namespace regcore
