#include "jpeg/pixels/kernels.h"

namespace regcore {

const PixelKernels& PixelKernelsFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx512Vbmi) return kPixelKernelsAvx512Vbmi;
  if (level >= SimdLevel::kAvx512) return kPixelKernelsAvx512;
  if (level >= SimdLevel::kAvx2) return kPixelKernelsAvx2;
#elif defined(REGCORE_ARM64)
  if (level >= SimdLevel::kNeon) return kPixelKernelsNeon;
#endif
  return kPixelKernelsPortable;
}

}  // namespace regcore
