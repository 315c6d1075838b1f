#include "base/simd_level.h"

#if defined(REGCORE_X86)
#include <cpuid.h>
#elif defined(REGCORE_ARM64) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace regcore {
namespace {

#if defined(REGCORE_X86)
// Not by __builtin_cpu_supports, for which old Clangs have no such word. Asked once: in a virtual
// machine the instruction takes microseconds.
bool HasF16c() {
  static const bool has = [] {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
  }();
  return has;
}
#elif defined(REGCORE_ARM64)
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
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && HasF16c();
  if (avx2) levels.push_back(SimdLevel::kAvx2);
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq");
  const bool vnni = avx512 && __builtin_cpu_supports("avx512vnni");
  if (avx512) levels.push_back(SimdLevel::kAvx512);
  if (vnni) levels.push_back(SimdLevel::kAvx512Vnni);
  if (vnni && __builtin_cpu_supports("avx512vbmi")) levels.push_back(SimdLevel::kAvx512Vbmi);
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
