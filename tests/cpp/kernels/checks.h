// What the checks of the kernels share: a count of verdicts, repeatable random numbers, and their
// entry points.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>

#include "base/simd_level.h"
#include "resample/axis_plan.h"

namespace regcore {

inline constexpr Filter kFilters[] = {Filter::kBox, Filter::kBilinear, Filter::kHamming,
                                      Filter::kBicubic, Filter::kLanczos};

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

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}

  // Both included. The standard library's distributions differ between libraries.
  int Between(int low, int high) {
    return low + static_cast<int>(Next() % static_cast<uint32_t>(high - low + 1));
  }

  double Real(double low, double high) { return low + (high - low) * 0x1p-32 * Next(); }

  // Small numbers as often as large ones.
  double Scale(double low, double high) { return std::exp2(Real(std::log2(low), std::log2(high))); }

  std::unique_ptr<uint8_t[]> Bytes(size_t size) {
    std::unique_ptr<uint8_t[]> bytes(new uint8_t[size]);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(Next() >> 7);
    return bytes;
  }

 private:
  uint32_t Next() { return static_cast<uint32_t>(engine_()); }

  std::mt19937 engine_;
};

// Each compares one level with the portable kernels, or the plain arithmetic with known values.
void CheckResample(SimdLevel level, int random_cases, Report* report);
void CheckNormalize(SimdLevel level, Report* report);
void CheckPixels(SimdLevel level, int cases, Report* report);
void CheckTopK(SimdLevel level, int random_cases, Report* report);
void CheckAllWeights(int stride, Report* report);
void CheckGeometry(Report* report);
void CheckScanRules(Report* report);
void CheckEntropy(int cases, Report* report);
void CheckScoreText(int random_cases, Report* report);

}  // namespace regcore
