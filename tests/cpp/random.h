// Repeatable random numbers for the C++ tests: the same on every system and library.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <random>

namespace regcore {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}

  // Both bounds are included. The standard library's distributions differ between libraries.
  int Between(int low, int high) {
    return low + static_cast<int>(Next() % static_cast<uint32_t>(high - low + 1));
  }

  double Real(double low, double high) { return low + (high - low) * 0x1p-32 * Next(); }

  // Small numbers come as often as large ones.
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

}  // namespace regcore
