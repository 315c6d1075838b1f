// RGB8 rows → values of a recipe's type, channels and layout, into the caller's slot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/simd_level.h"
#include "normalize/float_rows.h"
#include "normalize/kernels.h"
#include "normalize/normalize_table.h"

namespace regcore {

enum class Layout { kNchw, kNhwc };
enum class Channels { kRgb, kBgr, kGray };

size_t ItemSize(DataType type);  // bytes

// As the kernels have them: bytes are quantised, or the pixels as they are.
enum class ResultForm { kSingle, kHalf, kBfloat16, kQuantized, kBytes };

// Writes the rows of one image of width x height pixels.
class Normalizer {
 public:
  // The formula's channels are those of the result, in that order; of kGray the first one counts.
  Normalizer(const ValueFormula& formula, DataType type, Layout layout, Channels channels,
             int width, int height, SimdLevel level);

  size_t slot_bytes() const;  // of one image

  // Row `y` of the image into its place in `slot`, which is aligned for the type. `rgb`, with
  // kReadSlack past it, may be changed. For kGray the three colours of each pixel are equal.
  void Row(uint8_t* rgb, int y, void* slot) const;

  // Where Row only copies: the place of row `y` in `slot`, in which it may be made at once, with up
  // to kReadSlack bytes past it, which rows below overwrite. Null where Row does more, and where
  // fewer bytes follow.
  uint8_t* PlaceOf(int y, void* slot) const;

  // As Row, for three channels of values between those of pixels, with nothing past `rgb`'s end.
  // Integers are quantised ones.
  void FloatRow(float* rgb, int y, void* slot) const;

  // Has the memory of a row fetched that comes soon after row `y`, where there is one.
  void FetchAhead(int y, void* slot) const;

 private:
  template <typename T>
  std::array<T*, 3> Planes(int y, void* slot) const;
  template <typename T>
  void GrayRow(const uint8_t* rgb, int y, const T (&values)[256], void* slot) const;
  void ComputeFloats(float* rgb) const;
  template <typename T, typename Convert>
  void StoreFloats(const float* rgb, int y, void* slot, const Convert& convert) const;
  void PlanarRow(const uint8_t* rgb, int y, void* slot) const;
  void InterleavedRow(const uint8_t* rgb, int y, void* slot) const;

  const ValueFormula formula_;  // in the order of a row of pixels
  std::unique_ptr<const NormalizeTable> table_;
  const NormalizeKernel* kernel_;
  const std::vector<FloatStep> float_steps_;
  const FloatRowKernel* float_kernel_;
  const DataType type_;
  const ResultForm form_;
  const Layout layout_;
  const Channels channels_;
  const int width_;
  const int height_;
  const bool copies_;  // each row of pixels is one of the result
};

}  // namespace regcore
