// Built without floating-point contraction (see CMakeLists.txt): the reference formula rounds after
// each operation.
#include "normalize/normalize_table.h"

#include "normalize/value.h"

namespace regcore {
NormalizeTable MakeNormalizeTable(const ValueFormula& formula, DataType type) {
  constexpr int kSign = 128;  // of int8: its lowest value is the lowest of uint8 then
  const bool is_signed = type == DataType::kInt8, is_quantized = formula.quant_scale != 0;
  NormalizeTable table{};
  table.is_product = formula.divisor != 255 || formula.arithmetic == Arithmetic::kProduct;
  table.factor = static_cast<float>(1.0 / formula.divisor);
  table.quant_offset = formula.quant_zero_point + (is_signed ? kSign : 0);
  table.quant_flip = is_signed ? kSign : 0;
  const float scale = table.is_product ? 1.0f : 0x1p24f;
  for (int c = 0; c < 3; ++c) {
    for (int u = 0; u < 256; ++u) {
      const float value = ValueOf(formula, c, static_cast<float>(u));
      table.single[c][u] = value;
      table.half[c][u] = HalfOf(type, value);
      table.bytes[c][u] =
          is_quantized ? QuantizedOf(formula, type, value) : static_cast<uint8_t>(u);
    }
    const double step = is_quantized ? double{formula.quant_scale} : 1.0;
    const double reciprocal = 1.0 / (step * scale * static_cast<float>(formula.std[c]));
    const float high = static_cast<float>(reciprocal);
    for (int i = c; i < NormalizeTable::kPeriod; i += 3) {
      table.mean[i] = scale * static_cast<float>(formula.mean[c]);
      table.high[i] = high;
      table.low[i] = static_cast<float>(reciprocal - double{high});
    }
  }
  return table;
}

}  // namespace regcore
