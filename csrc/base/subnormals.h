// Subnormal numbers count as what they are, whatever mode the calling thread is in.
#pragma once

#include <cstdint>

#if defined(REGCORE_X86)
#include <xmmintrin.h>
#endif

namespace regcore {

// Some libraries make the processor take subnormals for zero, for speed and for the whole thread
// (torch.set_flush_denormal, or -ffast-math in any library that is loaded). While this lives it
// does not; then the thread has its mode back.
class SubnormalsKept {
 public:
#if defined(REGCORE_X86)
  SubnormalsKept() : mode_(_mm_getcsr()) { _mm_setcsr(mode_ & ~kFlush); }
  ~SubnormalsKept() { _mm_setcsr(mode_); }
#elif defined(REGCORE_ARM64)
  SubnormalsKept() {
    asm volatile("mrs %0, fpcr" : "=r"(mode_));
    asm volatile("msr fpcr, %0" ::"r"(mode_ & ~kFlush) : "memory");
  }
  ~SubnormalsKept() { asm volatile("msr fpcr, %0" ::"r"(mode_) : "memory"); }
#else
  SubnormalsKept() = default;
#endif
  SubnormalsKept(const SubnormalsKept&) = delete;
  SubnormalsKept& operator=(const SubnormalsKept&) = delete;

 private:
#if defined(REGCORE_X86)
  static constexpr unsigned kFlush = 0x8040;  // results to zero, operands to zero
  unsigned mode_;
#elif defined(REGCORE_ARM64)
  static constexpr uint64_t kFlush = uint64_t{1} << 24 | uint64_t{1} << 19;  // single, half
  uint64_t mode_;
#endif
};

}  // namespace regcore
