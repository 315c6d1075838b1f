// What the processor is found to have, against the answers of the compiler's run-time library.
#include <gtest/gtest.h>

#include "base/x86_processor.h"

#if defined(REGCORE_X86)
namespace regcore {
namespace {

TEST(X86ProcessorTest, HasWhatTheCompilersLibrarySays) {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("sse2")) GTEST_SKIP() << "this library says no to everything";
  const X86Features& has = ThisX86Processor();
  EXPECT_EQ(has.avx2, __builtin_cpu_supports("avx2") != 0);
  EXPECT_EQ(has.fma, __builtin_cpu_supports("fma") != 0);
  EXPECT_EQ(has.bmi, __builtin_cpu_supports("bmi") != 0);
  EXPECT_EQ(has.bmi2, __builtin_cpu_supports("bmi2") != 0);
  EXPECT_EQ(has.avx512f, __builtin_cpu_supports("avx512f") != 0);
  EXPECT_EQ(has.avx512bw, __builtin_cpu_supports("avx512bw") != 0);
  EXPECT_EQ(has.avx512vl, __builtin_cpu_supports("avx512vl") != 0);
  EXPECT_EQ(has.avx512dq, __builtin_cpu_supports("avx512dq") != 0);
  EXPECT_EQ(has.avx512vnni, __builtin_cpu_supports("avx512vnni") != 0);
  EXPECT_EQ(has.avx512vbmi, __builtin_cpu_supports("avx512vbmi") != 0);
}

}  // namespace
}  // namespace regcore
#endif
