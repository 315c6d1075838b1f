// Every SIMD level of this build and machine against the portable kernels, byte for byte. Buffers
// have exactly the size that the headers promise, so that AddressSanitizer sees any overrun.
//
// kernel_test [--quick] [--require LEVEL]: fewer cases (for emulators); fail if LEVEL was not run.
#include <cstdio>
#include <string>

#include "checks.h"

namespace regcore {
namespace {

struct Options {
  bool quick = false;
  std::string require;
};

bool Parse(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--quick") {
      options->quick = true;
    } else if (argument == "--require" && i + 1 < argc) {
      options->require = argv[++i];
    } else {
      std::fprintf(stderr, "usage: kernel_test [--quick] [--require LEVEL]\n");
      return false;
    }
  }
  return true;
}

int Main(const Options& options) {
  Report report;
  CheckGeometry(&report);
  CheckAllWeights(options.quick ? 9 : 1, &report);
  CheckEntropy(options.quick ? 300 : 3000, &report);
  CheckScanRules(&report);
  CheckScoreText(options.quick ? 10'000 : 100'000, &report);
  bool found = options.require.empty();
  for (SimdLevel level : SupportedSimdLevels()) {
    found = found || options.require == SimdName(level);
    const int before = report.failed();
    CheckTopK(level, options.quick ? 400 : 3000, &report);
    CheckPixels(level, options.quick ? 300 : 3000, &report);
    if (level == SimdLevel::kPortable) continue;
    CheckResample(level, options.quick ? 300 : 1500, &report);
    CheckNormalize(level, &report);
    std::printf("%s: %s\n", SimdName(level), report.failed() == before ? "equal" : "DIFFERENT");
    std::fflush(stdout);
  }
  report.Check(found, "level " + options.require + " was not tested");
  std::printf("%d passed, %d failed\n", report.passed(), report.failed());
  return report.failed() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace regcore

int main(int argc, char** argv) {
  regcore::Options options;
  return regcore::Parse(argc, argv, &options) ? regcore::Main(options) : 2;
}
