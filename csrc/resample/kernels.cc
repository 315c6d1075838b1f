#include "resample/kernels.h"

namespace regcore {

const ResampleKernel& ResampleKernelFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx512Vbmi) return kResampleAvx512Vbmi;
  if (level >= SimdLevel::kAvx512Vnni) return kResampleAvx512Vnni;
  if (level >= SimdLevel::kAvx512) return kResampleAvx512;
  if (level >= SimdLevel::kAvx2) return kResampleAvx2;
#elif defined(REGCORE_ARM64)
  if (level >= SimdLevel::kNeonDotprod) return kResampleNeonDotprod;
  if (level >= SimdLevel::kNeon) return kResampleNeon;
#endif
  return kResamplePortable;
}

}  // namespace regcore
