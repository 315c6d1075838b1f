// Built without floating-point contraction (see CMakeLists.txt): the reference formula rounds after
// each operation.
#include "normalize/value.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace regcore {
namespace {

// IEEE 754 binary32 → binary16, to nearest, ties to even.
uint16_t HalfFromSingle(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return static_cast<uint16_t>(sign | 0x7E00u);   // NaN
  if (magnitude >= 0x47800000u) return static_cast<uint16_t>(sign | 0x7C00u);  // >= 2^16: infinity
  const auto round = [](uint32_t mantissa, uint32_t shift) {
    const uint32_t half = 1u << (shift - 1);
    const uint32_t odd = (mantissa >> shift) & 1u;
    return (mantissa + half - 1u + odd) >> shift;
  };
  if (magnitude < 0x38800000u) {  // below 2^-14: subnormal, in units of 2^-24
    const uint32_t exponent = magnitude >> 23;
    if (exponent < 102) return static_cast<uint16_t>(sign);  // below 2^-25: zero
    const uint32_t mantissa = (magnitude & 0x7FFFFFu) | 0x800000u;
    return static_cast<uint16_t>(sign | round(mantissa, 126 - exponent));
  }
  return static_cast<uint16_t>(sign | round(magnitude - 0x38000000u, 13));  // may carry to infinity
}

// The upper half of binary32, to nearest, ties to even.
uint16_t BfloatFromSingle(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
    return static_cast<uint16_t>((bits >> 16) | 0x40u);  // NaN
  return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

template <typename T>
T Value(const ValueFormula& f, int channel, T scaled) {
  return (scaled - static_cast<T>(f.mean[channel])) / static_cast<T>(f.std[channel]) /
         static_cast<T>(f.second_std[channel]);
}

}  // namespace

float ValueOf(const ValueFormula& f, int channel, float u) {
  switch (f.arithmetic) {
    case Arithmetic::kFloat32:
      return Value(f, channel, u / static_cast<float>(f.divisor));
    case Arithmetic::kProduct:
      return Value(f, channel, u * static_cast<float>(1.0 / f.divisor));
    case Arithmetic::kFloat64:
      break;
  }
  return static_cast<float>(Value(f, channel, u / f.divisor));
}

uint16_t HalfOf(DataType type, float value) {
  return type == DataType::kBfloat16 ? BfloatFromSingle(value) : HalfFromSingle(value);
}

uint8_t QuantizedOf(const ValueFormula& f, DataType type, float value) {
  const bool is_signed = type == DataType::kInt8;
  const float step = std::nearbyint(value / f.quant_scale) + static_cast<float>(f.quant_zero_point);
  const float bounded = std::clamp(step, is_signed ? -128.0f : 0.0f, is_signed ? 127.0f : 255.0f);
  return static_cast<uint8_t>(static_cast<int>(bounded));
}

}  // namespace regcore
