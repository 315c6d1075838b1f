// The vector kernels of OpenCV's methods.
#pragma once

#include "resample/opencv/columns-inl.h"
#include "resample/opencv/kernels.h"
#include "resample/opencv/rows-inl.h"

namespace regcore {

// As OpencvColumns.
template <typename Simd>
class OpencvVectorKernels {
 public:
  static constexpr OpencvKernels Make() {
    return {
        KernelOf<int16_t>(Columns::PackIntegers, Columns::Linear, Rows::Linear),
        KernelOf<float>(Columns::PackFloats, Columns::Area, Rows::Area),
        KernelOf<float>(Columns::PackFloats, Columns::Box, Rows::Box),
        KernelOf<int32_t>(Columns::PackIntegers, Columns::Lanczos, Rows::Lanczos),
        KernelOf<int32_t>(Columns::PackIntegers, Columns::Cubic, Rows::Cubic, PackCubicRows),
    };
  }

 private:
  using Columns = OpencvColumns<Simd>;
  using Rows = OpencvRows<Simd>;
  using Layout = OpencvRowLayout<Simd>;

  template <typename T>
  static constexpr ResampleKernel KernelOf(
      decltype(ResampleKernel::pack_horizontal) pack,
      decltype(ResampleKernel::horizontal) horizontal, decltype(ResampleKernel::vertical) vertical,
      decltype(ResampleKernel::pack_vertical) pack_rows = PackNothing) {
    return {pack,
            pack_rows,
            Layout::template BlockBytes<T>,
            Layout::template IntermediateBytes<T>,
            horizontal,
            vertical,
            /*plain_rows=*/true};
  }
};

}  // namespace regcore
