// RGB8 rows → float32, float16 or uint8, NCHW or NHWC, into the caller's slot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/aligned_buffer.h"
#include "base/simd_level.h"

namespace regcore {

enum class DataType { kFloat32, kFloat16, kUint8 };
enum class Layout { kNchw, kNhwc };

size_t ItemSize(DataType type);  // bytes

// The 256 results of each channel by the reference formula, three separately rounded float32
// operations: (float32(u8) / 255 - mean) / std. float16 is that result rounded to nearest even.
//
// And the constants of the vector kernels, which compute the same without a division, 2^24 times
// as large until the last step:
// - u / 255 has the bytes 0.uuu... in base 256. m = u * 0x010101 holds its first 24 bits; with z
//   leading zeros in u, the 24 significant bits are those of m and z zeros, and what follows, the
//   rest of u, is above one half: the quotient rounds up. m's float is exact, and m + 2^-24 m
//   rounds to the next one, because 2^-24 m is more than half of a unit in m's last place (m is no
//   power of two) and less than one. So fl(u / 255) = 2^-24 fl(m + 2^-24 m), for 0 as well.
// - Scaling by a power of two commutes with the rounding of the subtraction.
// - x / std is x * low rounded, plus x * high in one fused multiply-add, high + low being
//   2^-24 / std. Its error before the last rounding is below 2^-47 of the result; Normalizer makes
//   sure that no rounding goes astray, by trying all 256 inputs.
struct NormalizeTable {
  static constexpr int kPeriod = 48;  // of the colours in interleaved vectors of 4, 8 or 16 lanes

  float single[3][256];
  uint16_t half[3][256];
  // For the value at any place of an interleaved row, that is for channel place % 3.
  float mean[kPeriod];
  float high[kPeriod];
  float low[kPeriod];
};

NormalizeTable MakeNormalizeTable(const float mean[3], const float std[3]);

// One instruction set. `rgb` is one row of `width` pixels with kReadSlack past it; outputs are
// written exactly, never past `width` values of a plane or 3 * `width` interleaved ones.
struct NormalizeKernel {
  void (*planar_single)(const uint8_t* rgb, int width, const NormalizeTable&, float* const out[3]);
  void (*planar_half)(const uint8_t* rgb, int width, const NormalizeTable&, uint16_t* const out[3]);
  void (*planar_bytes)(const uint8_t* rgb, int width, uint8_t* const out[3]);
  void (*interleaved_single)(const uint8_t* rgb, int width, const NormalizeTable&, float* out);
  void (*interleaved_half)(const uint8_t* rgb, int width, const NormalizeTable&, uint16_t* out);
};

const NormalizeKernel& NormalizeKernelFor(SimdLevel level);

// By table: the twin that the others must equal.
extern const NormalizeKernel kNormalizePortable;
extern const NormalizeKernel kNormalizeAvx2;
extern const NormalizeKernel kNormalizeAvx512;
extern const NormalizeKernel kNormalizeNeon;

// Writes the rows of one image of width x height pixels.
class Normalizer {
 public:
  Normalizer(const float mean[3], const float std[3], DataType type, Layout layout, int width,
             int height, SimdLevel level);

  size_t slot_bytes() const;  // of one image

  // Row `y` of the image into its place in `slot`, which is aligned for the type.
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
