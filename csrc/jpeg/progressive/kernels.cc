#include "jpeg/progressive/kernels.h"

namespace regcore {

const ProgressiveKernels& ProgressiveKernelsFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx2) return kProgressiveKernelsAvx2;
#endif
  return kProgressiveKernelsPortable;
}

}  // namespace regcore
