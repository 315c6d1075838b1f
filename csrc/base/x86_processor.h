// What an x86 processor can do and the operating system lets it.
#pragma once

namespace regcore {

struct X86Features {
  bool avx2 = false;
  bool fma = false;
  bool f16c = false;
  bool bmi = false;
  bool bmi2 = false;
  bool avx512f = false;
  bool avx512bw = false;
  bool avx512vl = false;
  bool avx512dq = false;
  bool avx512vnni = false;
  bool avx512vbmi = false;
};

// Asked of the processor once: in a virtual machine each question takes microseconds. Compilers'
// __builtin_cpu_supports is not asked, since some of their run-time libraries answer no to
// everything and others do not know all of these names.
const X86Features& ThisX86Processor();

}  // namespace regcore
