#include "resample/tensorflow/kernels.h"

namespace regcore {

const TensorflowKernels& TensorflowKernelsFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx512) return kTensorflowAvx512;
  if (level >= SimdLevel::kAvx2) return kTensorflowAvx2;
#endif
  return kTensorflowPortable;
}

}  // namespace regcore
