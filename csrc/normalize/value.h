// The value of one pixel, by the formula of a recipe.
#pragma once

#include <cstdint>

#include "normalize/normalize_table.h"

namespace regcore {

// In float32. `u` is a pixel's value, or what a resize made of some.
float ValueOf(const ValueFormula& formula, int channel, float u);

// Rounded to kBfloat16, or else to float16.
uint16_t HalfOf(DataType type, float value);

// In the steps of the formula; `type` is kUint8 or kInt8.
uint8_t QuantizedOf(const ValueFormula& formula, DataType type, float value);

}  // namespace regcore
