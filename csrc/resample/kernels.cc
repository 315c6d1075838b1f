#include "resample/kernels.h"

namespace regcore {

Status PackNothing(PackedAxis*) { return {}; }

const ResampleKernel& ResampleKernelFor([[maybe_unused]] SimdLevel level, int channels) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx512Vbmi) return kResampleAvx512Vbmi.For(channels);
  if (level >= SimdLevel::kAvx512Vnni) return kResampleAvx512Vnni.For(channels);
  if (level >= SimdLevel::kAvx512) return kResampleAvx512.For(channels);
  if (level >= SimdLevel::kAvx2) return kResampleAvx2.For(channels);
#elif defined(REGCORE_ARM64)
  if (channels == 3 && level >= SimdLevel::kNeonDotprod) return kResampleNeonDotprod;
  if (channels == 3 && level >= SimdLevel::kNeon) return kResampleNeon;
#endif
  return kResamplePortable.For(channels);
}

}  // namespace regcore
