// Every SIMD level of this build and machine against the portable kernels, byte for byte. Buffers
// have exactly the size that the headers promise, so that AddressSanitizer sees any overrun.
//
// kernel_test [--quick] [--require LEVEL] [--gtest_filter=...]: --quick takes fewer cases (for
// emulators); --require fails where LEVEL would not be tested.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "kernels/kernel_test.h"

namespace regcore {
namespace {

struct Options {
  bool quick = false;
  std::string require;
};

Options& ProgramOptions() {
  static Options options;
  return options;
}

bool Parse(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--quick") {
      options->quick = true;
    } else if (argument == "--require" && i + 1 < argc) {
      options->require = argv[++i];
    } else {
      std::fprintf(stderr, "usage: kernel_test [--quick] [--require LEVEL] [--gtest_...]\n");
      return false;
    }
  }
  return true;
}

bool IsTested(const std::string& name) {
  for (const SimdLevel level : SupportedSimdLevels()) {
    if (name == SimdName(level)) return true;
  }
  return false;
}

int Main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  Options& options = ProgramOptions();
  if (!Parse(argc, argv, &options)) return 2;
  if (!options.require.empty() && !IsTested(options.require)) {
    std::fprintf(stderr, "level %s would not be tested\n", options.require.c_str());
    return 1;
  }
  return RUN_ALL_TESTS();
}

}  // namespace

int Cases(int quick, int full) { return ProgramOptions().quick ? quick : full; }

}  // namespace regcore

int main(int argc, char** argv) { return regcore::Main(argc, argv); }
