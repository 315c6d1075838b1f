#include "jpeg/baseline/kernels.h"

namespace regcore {

ReadBlocks ReadBlocksFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx2) return ReadBlocksAvx2;
#elif defined(REGCORE_ARM64)
  if (level >= SimdLevel::kNeon) return ReadBlocksNeon;
#endif
  return ReadBlocksPortable;
}

}  // namespace regcore
