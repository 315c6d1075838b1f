#include "scores/kernels.h"

namespace regcore {

const RowScan& RowScanFor(SimdLevel level, ScoreType type) {
  const size_t index = static_cast<size_t>(type);
  switch (level) {
#if defined(REGCORE_X86)
    case SimdLevel::kAvx2:
      return kRowScanAvx2[index];
    case SimdLevel::kAvx512:
    case SimdLevel::kAvx512Vnni:
    case SimdLevel::kAvx512Vbmi:
      return kRowScanAvx512[index];
#elif defined(REGCORE_ARM64)
    case SimdLevel::kNeon:
    case SimdLevel::kNeonDotprod:
      return kRowScanNeon[index];
#endif
    default:
      return kRowScanPortable[index];
  }
}

}  // namespace regcore
