#include "scores/row_search/score_rows.h"

#include <bit>

namespace regcore {

float Float16::Value(uint16_t stored) {
  const uint32_t sign = (stored & 0x8000u) << 16;
  const uint32_t exponent = (stored >> 10) & 0x1Fu;
  const uint32_t mantissa = stored & 0x3FFu;
  if (exponent == 0) {  // zero or subnormal, in units of 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  const uint32_t rebased = exponent == 0x1F ? 0xFFu : exponent + 127 - 15;
  return std::bit_cast<float>(sign | (rebased << 23) | (mantissa << 13));
}

float Bfloat16::Value(uint16_t stored) { return std::bit_cast<float>(uint32_t{stored} << 16); }

ptrdiff_t Scores::PrefetchDistance() const {
  const size_t row_bytes =
      classes * WithScoreType(type, [](auto t) { return sizeof(typename decltype(t)::Storage); });
  if (row_bytes >= kPrefetchBytes) return kPrefetchBytes;
  return stride * static_cast<ptrdiff_t>(kPrefetchBytes / row_bytes);
}

}  // namespace regcore
