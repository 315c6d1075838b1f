// Between two pixels of two rows each, several outputs at a time: the two pixels of an output lie
// side by side, so that one load has both.
#pragma once

#include <immintrin.h>

#include "resample/tensorflow/kernels.h"
#include "resample/tensorflow/pack.h"
#include "resample/tensorflow/source_picture.h"

namespace regcore {

// `Simd` has the vectors of one instruction set, each with four lanes for one output. It must be
// local to the file that instantiates this.
template <typename Simd>
class LinearKernel {
 public:
  static constexpr ResampleKernel Make() {
    return {PackGroups,         PackNothing,       SourcePictureBytes,
            SourcePictureBytes, KeepSourcePicture, Vertical};
  }

 private:
  using Floats = typename Simd::Floats;

  static Floats Between(Floats from, Floats to, Floats fraction) {
    return Simd::Add(from, Simd::Multiply(Simd::Subtract(to, from), fraction));
  }

  static Floats Across(const uint8_t* row, const int32_t* offsets, Floats fraction) {
    const auto pixels = Simd::LoadPixels(row, offsets);
    const __m128i first =
        _mm_setr_epi8(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, -1, -1, -1, -1);
    const __m128i second =
        _mm_setr_epi8(3, -1, -1, -1, 4, -1, -1, -1, 5, -1, -1, -1, -1, -1, -1, -1);
    return Between(Simd::Pick(pixels, first), Simd::Pick(pixels, second), fraction);
  }

  static void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate, int, int,
                       uint8_t* out) {
    const SourcePicture picture = SourcePictureFrom(intermediate);
    const AxisPlan& down = vertical.plan;
    const size_t y = static_cast<size_t>(row);
    const int left = picture.horizontal->plan.input_begin();
    const uint8_t* const top = picture.Pixel(left, down.start[y]);
    const uint8_t* const bottom = picture.Pixel(left, down.start[y] + down.length[y] - 1);
    const Floats fraction = Simd::Broadcast(down.float_weights[y]);
    const int32_t* offsets = picture.horizontal->blocks.data();
    const float* fractions = reinterpret_cast<const float*>(picture.horizontal->weights.data());
    float* values = reinterpret_cast<float*>(out);
    for (int x = 0; x < picture.horizontal->plan.count; x += Simd::kOutputs) {
      const Floats across = Simd::Load(fractions);
      Simd::StorePixels(
          values, Between(Across(top, offsets, across), Across(bottom, offsets, across), fraction));
      offsets += Simd::kOutputs;
      fractions += 4 * Simd::kOutputs;
      values += 3 * Simd::kOutputs;
    }
  }
};

}  // namespace regcore
