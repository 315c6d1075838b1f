// What becomes of every pixel value.
#pragma once

#include <cstdint>

namespace regcore {

enum class DataType { kFloat32, kFloat16, kBfloat16, kUint8, kInt8 };

// How the value of a pixel is computed.
enum class Arithmetic {
  kFloat32,  // constants and each operation are rounded to float32
  kProduct,  // the same, but the pixel is multiplied by the reciprocal of the divisor
  kFloat64,  // in float64, and rounded to float32 at the end
};

// The value of a pixel u of channel c. Dividing by one changes nothing, so that what a recipe lacks
// is a one.
//   ((u / divisor - mean[c]) / std[c]) / second_std[c]
// float16 and bfloat16 are that, rounded to nearest even. Integers are pixels as they are, or if
// quant_scale is not 0, by ONNX's QuantizeLinear in float32,
//   saturate(round half to even (value / quant_scale) + quant_zero_point)
struct ValueFormula {
  double divisor;
  double mean[3];
  double std[3];
  double second_std[3];
  float quant_scale;
  int quant_zero_point;
  Arithmetic arithmetic;
};

// The 256 results of each channel, in the form of one type; the arrays of other types mean nothing.
//
// And the constants of the vector kernels, which compute the same without a division, for a divisor
// of 255 2^24 times as large until the last step:
// - u / 255 has the bytes 0.uuu... in base 256. m = u * 0x010101 holds its first 24 bits; with z
//   leading zeros in u, the 24 significant bits are those of m and z zeros, and what follows, the
//   rest of u, is above one half: the quotient rounds up. m's float is exact, and m + 2^-24 m
//   rounds to the next one, because 2^-24 m is more than half of a unit in m's last place (m is no
//   power of two) and less than one. So fl(u / 255) = 2^-24 fl(m + 2^-24 m), for 0 as well.
// - Scaling by a power of two commutes with the rounding of the subtraction.
// - Any other first step is a product, u * factor, and nothing is scaled.
// - x / std is x * low rounded, plus x * high in one fused multiply-add, high + low being
//   2^-24 / std, or 1 / std after a product. Its error before the last rounding is below 2^-47 of
//   the result.
// - Of quantised integers high + low have 1 / quant_scale in them, too.
// No rounding goes astray: Normalizer tries all 256 inputs.
struct NormalizeTable {
  static constexpr int kPeriod = 48;  // of the colours in interleaved vectors of 4, 8 or 16 lanes

  float single[3][256];
  uint16_t half[3][256];  // float16, or bfloat16
  uint8_t bytes[3][256];  // uint8, or the bits of int8

  bool is_product;
  float factor;
  // For the value at any place of an interleaved row, that is for channel place % 3.
  float mean[kPeriod];
  float high[kPeriod];
  float low[kPeriod];
  // A quantised integer is a whole number plus quant_offset, saturated to 0 to 255, with the bits
  // of quant_flip inverted: so int8 is computed as uint8.
  int32_t quant_offset;
  uint8_t quant_flip;
};

NormalizeTable MakeNormalizeTable(const ValueFormula& formula, DataType type);

}  // namespace regcore
