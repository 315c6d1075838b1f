// Sums along the rows, several outputs at a time, and of these: one load has five pixels.
#pragma once

#include <immintrin.h>

#include <algorithm>

#include "resample/tensorflow/area_value.h"
#include "resample/tensorflow/kernels.h"
#include "resample/tensorflow/pack.h"

namespace regcore {

// As LinearKernel's.
template <typename Simd>
class AreaKernel {
 public:
  static constexpr ResampleKernel Make() {
    return {PackGroups,         PackNothing,       SourcePictureBytes,
            SourcePictureBytes, KeepSourcePicture, Vertical};
  }

 private:
  using Floats = typename Simd::Floats;
  static constexpr int kLoaded = 5;  // pixels

  static Floats Along(const uint8_t* row, const int32_t* offsets, const float* weights, int taps) {
    Floats sum = Simd::Broadcast(0.0f);
    for (int begin = 0; begin < taps; begin += kLoaded, row += 3 * kLoaded) {
      const auto pixels = Simd::LoadPixels(row, offsets);
      __m128i bytes = _mm_setr_epi8(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, -1, -1, -1, -1);
      const __m128i next = _mm_setr_epi8(3, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0);
      for (int t = begin; t < std::min(begin + kLoaded, taps); ++t, weights += 4 * kGroup) {
        sum = Simd::Add(sum, Simd::Multiply(Simd::Load(weights), Simd::Pick(pixels, bytes)));
        bytes = _mm_add_epi8(bytes, next);
      }
    }
    return sum;
  }

  static void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate, int, int,
                       uint8_t* out) {
    const SourcePicture picture = SourcePictureFrom(intermediate);
    const PackedAxis& horizontal = *picture.horizontal;
    const AxisPlan& across = horizontal.plan;
    const AxisPlan& down = vertical.plan;
    const size_t y = static_cast<size_t>(row);
    const float* const shares = down.float_weights.data() + y * static_cast<size_t>(down.taps);
    const int rows = AreaWeights(down, y);
    const Floats factor = Simd::Broadcast(AreaFactor(across, down));
    float* const values = reinterpret_cast<float*>(out);
    for (int x = 0; x < across.count; x += Simd::kOutputs) {
      const float* const weights = reinterpret_cast<const float*>(horizontal.weights.data()) +
                                   ptrdiff_t{x / kGroup} * kGroup * across.taps * 4 +
                                   x % kGroup * 4;
      Floats sum = Simd::Broadcast(0.0f);
      for (int s = 0; s < rows; ++s) {
        const int line = down.start[y] + std::min(s, down.length[y] - 1);
        const Floats along = Along(picture.Pixel(across.input_begin(), line),
                                   horizontal.blocks.data() + x, weights, horizontal.shape);
        sum = Simd::Add(sum, Simd::Multiply(Simd::Broadcast(shares[s]), along));
      }
      Simd::StorePixels(values + 3 * x, Simd::Multiply(sum, factor));
    }
    const size_t last = static_cast<size_t>(across.count) - 1;
    if (AreaWeights(across, last) == across.length[last]) return;
    float* const pixel = values + 3 * last;
    for (int c = 0; c < 3; ++c) pixel[c] = AreaValue(picture, down, last, y, c);
  }
};

}  // namespace regcore
