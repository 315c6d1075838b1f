#include "scores/kernels.h"

namespace regcore {

const ScoreKernels& ScoreKernelsFor(SimdLevel level, ScoreType type) {
  const size_t index = static_cast<size_t>(type);
  switch (level) {
#if defined(REGCORE_X86)
    case SimdLevel::kAvx2:
      return kScoreKernelsAvx2[index];
    case SimdLevel::kAvx512:
    case SimdLevel::kAvx512Vnni:
    case SimdLevel::kAvx512Vbmi:
      return kScoreKernelsAvx512[index];
#elif defined(REGCORE_ARM64)
    case SimdLevel::kNeon:
    case SimdLevel::kNeonDotprod:
      return kScoreKernelsNeon[index];
#endif
    default:
      return kScoreKernelsPortable[index];
  }
}

}  // namespace regcore
