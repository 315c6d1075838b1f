#include "resample/kernels.h"

namespace regcore {

const ResampleKernel& ResampleKernelFor(SimdLevel level) {
  switch (level) {
#if defined(REGCORE_X86)
    case SimdLevel::kAvx2:
      return kResampleAvx2;
    case SimdLevel::kAvx512:
      return kResampleAvx512;
    case SimdLevel::kAvx512Vnni:
      return kResampleAvx512Vnni;
    case SimdLevel::kAvx512Vbmi:
      return kResampleAvx512Vbmi;
#elif defined(REGCORE_ARM64)
    case SimdLevel::kNeon:
      return kResampleNeon;
    case SimdLevel::kNeonDotprod:
      return kResampleNeonDotprod;
#endif
    default:
      return kResamplePortable;
  }
}

}  // namespace regcore
