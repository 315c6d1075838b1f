// Built without floating-point contraction (see CMakeLists.txt): the reference formula rounds after
// each operation.
#include "normalize/normalize_table.h"

#include "normalize/value.h"

namespace regcore {
NormalizeTable MakeNormalizeTable(const ValueFormula& formula, DataType type) {
  constexpr float kScale = 0x1p24f;
  NormalizeTable table{};
  for (int c = 0; c < 3; ++c) {
    for (int u = 0; u < 256; ++u) {
      const float value = ValueOf(formula, c, static_cast<float>(u));
      table.single[c][u] = value;
      table.half[c][u] = HalfOf(type, value);
      table.bytes[c][u] =
          formula.quant_scale == 0 ? static_cast<uint8_t>(u) : QuantizedOf(formula, type, value);
    }
    const float divisor = kScale * static_cast<float>(formula.std[c]);
    const float high = 1.0f / divisor;
    for (int i = c; i < NormalizeTable::kPeriod; i += 3) {
      table.mean[i] = kScale * static_cast<float>(formula.mean[c]);
      table.high[i] = high;
      table.low[i] = static_cast<float>(1.0 / double{divisor} - double{high});
    }
  }
  return table;
}

}  // namespace regcore
