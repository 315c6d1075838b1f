#include "normalize/kernels.h"

namespace regcore {

const NormalizeKernel& NormalizeKernelFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx512) return kNormalizeAvx512;
  if (level >= SimdLevel::kAvx2) return kNormalizeAvx2;
#elif defined(REGCORE_ARM64)
  if (level >= SimdLevel::kNeon) return kNormalizeNeon;
#endif
  return kNormalizePortable;
}

}  // namespace regcore
