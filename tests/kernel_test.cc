// Every SIMD level of this build and machine against the portable kernels, byte for byte. Buffers
// have exactly the size that the headers promise, so that AddressSanitizer sees any overrun.
//
// kernel_test [--quick] [--require LEVEL]: fewer cases (for emulators); fail if LEVEL was not run.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cpu.h"
#include "crop_geometry.h"
#include "image.h"
#include "normalize.h"
#include "resample.h"
#include "resample_plan.h"

namespace regcore {
namespace {

constexpr Filter kFilters[] = {Filter::kBox, Filter::kBilinear, Filter::kHamming, Filter::kBicubic,
                               Filter::kLanczos};

class Report {
 public:
  void Check(bool ok, const std::string& what) {
    ++(ok ? passed_ : failed_);
    if (!ok && failed_ <= 20) std::printf("FAILED: %s\n", what.c_str());
  }

  int passed() const { return passed_; }
  int failed() const { return failed_; }

 private:
  int passed_ = 0;
  int failed_ = 0;
};

// Its own distributions: those of the standard library differ between libraries.
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}

  int Between(int low, int high) {  // both included
    return low + static_cast<int>(engine_() % static_cast<uint32_t>(high - low + 1));
  }

  // Small numbers as often as large ones.
  int Size(int high) { return std::min(high, 1 << Between(0, 11)) - Between(0, 1) * 0 + Between(0, 0); }

  float Unit() { return static_cast<float>(engine_() >> 8) * 0x1p-24f; }

  void Fill(uint8_t* bytes, size_t size) {
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(engine_());
  }

 private:
  std::mt19937 engine_;
};

std::unique_ptr<uint8_t[]> RandomBytes(size_t size, Random* random) {
  std::unique_ptr<uint8_t[]> bytes(new uint8_t[size]);
  random->Fill(bytes.get(), size);
  return bytes;
}
