#include "resample/torch/kernels.h"

namespace regcore {

const ResampleKernel& TorchFloatKernelFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx512) return kTorchFloatAvx512;
  if (level >= SimdLevel::kAvx2) return kTorchFloatAvx2;
#endif
  return kTorchFloatPortable;
}

}  // namespace regcore
