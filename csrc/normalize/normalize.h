// RGB8 rows → float32, float16 or uint8, NCHW or NHWC, into the caller's slot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "cpu.h"
#include "image.h"

namespace regcore {

enum class DataType { kFloat32, kFloat16, kUint8 };
enum class Layout { kNchw, kNhwc };

size_t ItemSize(DataType type);  // bytes

// The 256 results of each channel by the reference formula, three separately rounded float32
// operations: (float32(u8) / 255 - mean) / std. float16 is that result rounded to nearest even.
struct NormalizeTable {
  float mean[3];
  float std[3];
  float single[3][256];
  uint16_t half[3][256];
};

NormalizeTable MakeNormalizeTable(const float mean[3], const float std[3]);

// 1 / divisor as the sum of two floats, for vector kernels: x / divisor is x * low rounded, plus
// x * high in one fused multiply-add. Its error before the last rounding is below 2^-47 of the
// result; Normalizer makes sure that no rounding goes astray, by trying all 256 inputs.
struct Reciprocal {
  float high;
  float low;

  explicit Reciprocal(float divisor)
      : high(1.0f / divisor), low(static_cast<float>(1.0 / double{divisor} - double{high})) {}
};

// One instruction set. `rgb` is one row of `width` pixels with kReadSlack behind; planes are
// written exactly, never past `width` values.
struct NormalizeKernel {
  void (*planar_single)(const uint8_t* rgb, int width, const NormalizeTable&, float* const out[3]);
  void (*planar_half)(const uint8_t* rgb, int width, const NormalizeTable&, uint16_t* const out[3]);
  void (*planar_bytes)(const uint8_t* rgb, int width, uint8_t* const out[3]);
};

const NormalizeKernel& NormalizeKernelFor(SimdLevel level);

// By table: the twin that the others must equal.
extern const NormalizeKernel kNormalizePortable;
extern const NormalizeKernel kNormalizeAvx2;
extern const NormalizeKernel kNormalizeAvx512;
extern const NormalizeKernel kNormalizeNeon;

// Writes the rows of one picture of width x height pixels.
class Normalizer {
 public:
  Normalizer(const float mean[3], const float std[3], DataType type, Layout layout, int width,
             int height, SimdLevel level);

  size_t slot_bytes() const;  // of one picture

  // Row `y` of the picture into its place in `slot`, which is aligned for the type.
  void Row(const uint8_t* rgb, int y, void* slot) const;

 private:
  template <typename T>
  std::array<T*, 3> Planes(int y, void* slot) const;

  std::unique_ptr<const NormalizeTable> table_;
  const NormalizeKernel* kernel_;
  DataType type_;
  Layout layout_;
  int width_;
  int height_;
};

}  // namespace regcore
