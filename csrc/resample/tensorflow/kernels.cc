#include "resample/tensorflow/kernels.h"

namespace regcore {

const TensorflowKernels& TensorflowKernelsFor([[maybe_unused]] SimdLevel level) {
  return kTensorflowPortable;
}

}  // namespace regcore
