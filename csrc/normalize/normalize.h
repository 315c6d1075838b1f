// RGB8 rows → float32, float16 or uint8, NCHW or NHWC, into the caller's slot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/simd_level.h"
#include "normalize/kernels.h"
#include "normalize/normalize_table.h"

namespace regcore {

enum class DataType { kFloat32, kFloat16, kUint8 };
enum class Layout { kNchw, kNhwc };

size_t ItemSize(DataType type);  // bytes

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
