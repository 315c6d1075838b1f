// Built without floating-point contraction (see CMakeLists.txt): the reference formula rounds after
// each operation.
#include "normalize/normalize_table.h"

#include <bit>

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

}  // namespace

NormalizeTable MakeNormalizeTable(const float mean[3], const float std[3]) {
  constexpr float kScale = 0x1p24f;
  NormalizeTable table;
  for (int c = 0; c < 3; ++c) {
    for (int u = 0; u < 256; ++u) {
      const float value = (static_cast<float>(u) / 255.0f - mean[c]) / std[c];
      table.single[c][u] = value;
      table.half[c][u] = HalfFromSingle(value);
    }
    const float divisor = kScale * std[c];
    const float high = 1.0f / divisor;
    for (int i = c; i < NormalizeTable::kPeriod; i += 3) {
      table.mean[i] = kScale * mean[c];
      table.high[i] = high;
      table.low[i] = static_cast<float>(1.0 / double{divisor} - double{high});
    }
  }
  return table;
}

}  // namespace regcore
