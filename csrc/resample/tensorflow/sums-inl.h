// Sums of weighted inputs: down the columns into a row of floats, then along it. Both begin with
// the first product instead of zero, which is the same: some weight is above zero, so that no sum
// is a negative zero.
#pragma once

#include <immintrin.h>

#include <algorithm>

#include "resample/tensorflow/kernels.h"
#include "resample/tensorflow/pack.h"
#include "resample/tensorflow/source_picture.h"

namespace regcore {

// As LinearKernel's.
template <typename Simd>
class SumsKernel {
 public:
  static constexpr ResampleKernel Make() {
    return {PackTiles,          PackNothing,       SourcePictureBytes,
            SourcePictureBytes, KeepSourcePicture, Vertical};
  }

 private:
  using Floats = typename Simd::Floats;
  static constexpr int kLanes = 4 * Simd::kOutputs;
  static constexpr int kStep = 2 * kLanes;

  static const float* WeightsOf(const AxisPlan& plan, size_t output) {
    return plan.float_weights.data() + output * static_cast<size_t>(plan.taps);
  }

  // Of `columns` columns from the pixel (left, top) on, of `rows` rows, and up to kStep after them.
  static void Down(const SourcePicture& picture, int left, int top, const float* weights, int rows,
                   int columns, float* sums) {
    for (int column = 0; column < columns; column += kStep, sums += kStep) {
      const uint8_t* row = picture.Pixel(left, top) + column;
      Floats weight = Simd::Broadcast(weights[0]);
      Floats first = Simd::Multiply(weight, Simd::FromBytes(row));
      Floats second = Simd::Multiply(weight, Simd::FromBytes(row + kLanes));
      for (int t = 1; t < rows; ++t) {
        row = picture.Pixel(left, top + t) + column;
        weight = Simd::Broadcast(weights[t]);
        first = Simd::Add(first, Simd::Multiply(weight, Simd::FromBytes(row)));
        second = Simd::Add(second, Simd::Multiply(weight, Simd::FromBytes(row + kLanes)));
      }
      Simd::Store(sums, first);
      Simd::Store(sums + kLanes, second);
    }
  }

  // One output, and a value after it. All windows are as long as the longest, the weights past
  // their own end being zero.
  static void Along(const float* sums, const float* weights, int taps, float* out) {
    __m128 sum = _mm_mul_ps(_mm_loadu_ps(sums), _mm_broadcast_ss(weights));
    for (int t = 1; t < taps; ++t) {
      const __m128 weight = _mm_broadcast_ss(weights + t);
      sum = _mm_add_ps(sum, _mm_mul_ps(_mm_loadu_ps(sums + 3 * t), weight));
    }
    _mm_storeu_ps(out, sum);
  }

  static void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate,
                       int skipped, int columns, uint8_t* out) {
    const SourcePicture picture = SourcePictureFrom(intermediate);
    const PackedAxis& horizontal = *picture.horizontal;
    if (horizontal.blocks.empty()) {
      kTensorflowPortable.sums.vertical(vertical, row, intermediate, skipped, columns, out);
      return;
    }
    const AxisPlan& across = horizontal.plan;
    const AxisPlan& down = vertical.plan;
    const size_t y = static_cast<size_t>(row);
    float* const values = reinterpret_cast<float*>(out);
    alignas(64) float sums[3 * kTilePixels + kStep];
    for (size_t tile = 0; tile + 1 < horizontal.blocks.size(); ++tile) {
      const size_t begin = static_cast<size_t>(horizontal.blocks[tile]);
      const size_t end = static_cast<size_t>(horizontal.blocks[tile + 1]);
      const int left = across.start[begin];
      const int right = across.start[end - 1] + across.length[end - 1];
      const int longest = across.start[end - 1] + horizontal.shape;
      Down(picture, left, down.start[y], WeightsOf(down, y), down.length[y], 3 * (right - left),
           sums);
      std::fill(sums + 3 * (right - left), sums + 3 * (longest - left) + 1, 0.0f);
      for (size_t x = begin; x < end; ++x) {
        Along(sums + 3 * (across.start[x] - left), WeightsOf(across, x), horizontal.shape,
              values + 3 * x);
      }
    }
  }
};

}  // namespace regcore
