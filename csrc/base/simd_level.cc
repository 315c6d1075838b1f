#include "base/simd_level.h"

#if defined(REGCORE_X86)
#include "base/x86_processor.h"
#elif defined(REGCORE_ARM64) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace regcore {
namespace {

#if defined(REGCORE_ARM64)
bool HasDotProducts() {
#if defined(__ARM_FEATURE_DOTPROD)  // the whole build is for processors that do
  return true;
#elif defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
  return false;
#endif
}
#endif

}  // namespace

const char* SimdName(SimdLevel level) {
  switch (level) {
    case SimdLevel::kPortable:
      return "portable";
    case SimdLevel::kNeon:
      return "neon";
    case SimdLevel::kNeonDotprod:
      return "neondotprod";
    case SimdLevel::kAvx2:
      return "avx2";
    case SimdLevel::kAvx512:
      return "avx512";
    case SimdLevel::kAvx512Vnni:
      return "avx512vnni";
    case SimdLevel::kAvx512Vbmi:
      return "avx512vbmi";
  }
  return "unknown";
}

std::vector<SimdLevel> SupportedSimdLevels() {
  std::vector<SimdLevel> levels = {SimdLevel::kPortable};
#if defined(REGCORE_X86)
  const X86Features& has = ThisX86Processor();
  const bool avx2 = has.avx2 && has.fma && has.f16c && has.bmi && has.bmi2;
  const bool avx512 = avx2 && has.avx512f && has.avx512bw && has.avx512vl && has.avx512dq;
  const bool vnni = avx512 && has.avx512vnni;
  if (avx2) levels.push_back(SimdLevel::kAvx2);
  if (avx512) levels.push_back(SimdLevel::kAvx512);
  if (vnni) levels.push_back(SimdLevel::kAvx512Vnni);
  if (vnni && has.avx512vbmi) levels.push_back(SimdLevel::kAvx512Vbmi);
#elif defined(REGCORE_ARM64)
  levels.push_back(SimdLevel::kNeon);  // part of the base architecture
  if (HasDotProducts()) levels.push_back(SimdLevel::kNeonDotprod);
#endif
  return levels;
}

Status ResolveSimdLevel(const char* forced, SimdLevel* level) {
  const std::vector<SimdLevel> supported = SupportedSimdLevels();
  if (forced == nullptr || *forced == '\0') {
    *level = supported.back();
    return {};
  }
  std::string names;
  for (SimdLevel candidate : supported) {
    if (std::string(forced) == SimdName(candidate)) {
      *level = candidate;
      return {};
    }
    names += std::string(names.empty() ? "" : ", ") + SimdName(candidate);
  }
  return {StatusCode::kUnsupported, "REGCORE_SIMD=" + std::string(forced) +
                                        " is not available here; this machine has " + names};
}

}  // namespace regcore
