#include "base/x86_processor.h"

#if defined(REGCORE_X86)
#include <cpuid.h>

#include <cstdint>

namespace regcore {
namespace {

// Bits of the extended control register 0: the registers that the operating system saves.
constexpr uint32_t kAvxState = 0x06;     // XMM, and the upper halves of YMM
constexpr uint32_t kAvx512State = 0xe6;  // and masks, the upper halves of ZMM, and ZMM16 to ZMM31

uint32_t SavedState() {
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

X86Features Ask() {
  X86Features features;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & bit_OSXSAVE) == 0) return features;
  const uint32_t state = SavedState();
  const bool avx = (state & kAvxState) == kAvxState && (ecx & bit_AVX) != 0;
  const bool avx512 = avx && (state & kAvx512State) == kAvx512State;
  features.fma = avx && (ecx & bit_FMA) != 0;
  features.f16c = avx && (ecx & bit_F16C) != 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return features;
  features.bmi = (ebx & bit_BMI) != 0;
  features.bmi2 = (ebx & bit_BMI2) != 0;
  features.avx2 = avx && (ebx & bit_AVX2) != 0;
  features.avx512f = avx512 && (ebx & bit_AVX512F) != 0;
  features.avx512bw = avx512 && (ebx & bit_AVX512BW) != 0;
  features.avx512vl = avx512 && (ebx & bit_AVX512VL) != 0;
  features.avx512dq = avx512 && (ebx & bit_AVX512DQ) != 0;
  features.avx512vnni = avx512 && (ecx & bit_AVX512VNNI) != 0;
  features.avx512vbmi = avx512 && (ecx & bit_AVX512VBMI) != 0;
  return features;
}

}  // namespace

const X86Features& ThisX86Processor() {
  static const X86Features features = Ask();
  return features;
}

}  // namespace regcore
#endif
