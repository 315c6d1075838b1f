#include "jpeg/pixels/kernels.h"

namespace regcore {

const PixelKernels& PixelKernelsFor(SimdLevel level) {
  switch (level) {
#if defined(REGCORE_X86)
    case SimdLevel::kAvx2:
      return kPixelKernelsAvx2;
    case SimdLevel::kAvx512:
    case SimdLevel::kAvx512Vnni:
      return kPixelKernelsAvx512;
    case SimdLevel::kAvx512Vbmi:
      return kPixelKernelsAvx512Vbmi;
#elif defined(REGCORE_ARM64)
    case SimdLevel::kNeon:
    case SimdLevel::kNeonDotprod:
      return kPixelKernelsNeon;
#endif
    default:
      return kPixelKernelsPortable;
  }
}

}  // namespace regcore
