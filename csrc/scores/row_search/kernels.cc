#include "scores/row_search/kernels.h"

namespace regcore {

const ScoreKernels& ScoreKernelsFor([[maybe_unused]] SimdLevel level, ScoreType type) {
  const size_t index = static_cast<size_t>(type);
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx512) return kScoreKernelsAvx512[index];
  if (level >= SimdLevel::kAvx2) return kScoreKernelsAvx2[index];
#elif defined(REGCORE_ARM64)
  if (level >= SimdLevel::kNeon) return kScoreKernelsNeon[index];
#endif
  return kScoreKernelsPortable[index];
}

}  // namespace regcore
