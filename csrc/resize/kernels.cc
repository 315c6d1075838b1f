#include "resize/kernels.h"

namespace regcore {

const PixelKernel& PixelKernelFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx2) return kPixelAvx2;
#endif
  return kPixelPortable;
}

}  // namespace regcore
