// The float32 kernel of all x86 instruction sets: in the horizontal pass a lane is a row, in the
// vertical pass a column, so that each lane adds its taps in torch's order.
//
// Intermediate: rows of float32, padded to whole steps of the vertical pass.
#pragma once

#include <immintrin.h>

#include <algorithm>

#include "resample/kernels.h"
#include "resample/torch/kernels.h"

namespace regcore {

// `Simd` wraps one instruction set's operations on its `Vector` of floats. It must be local to the
// file that instantiates this, for that is compiled for that instruction set.
template <typename Simd>
class FloatRowsKernel {
 public:
  static constexpr ResampleKernel Make() {
    return {PackNothing, PackNothing, BlockBytes, IntermediateBytes, Horizontal, Vertical};
  }

 private:
  using Vector = typename Simd::Vector;
  static constexpr int kLanes = Simd::kLanes;
  static constexpr int kStep = 4 * kLanes;  // columns of the vertical pass
  static constexpr int kTilePixels = 128;
  static constexpr int kTileBytes = 16;  // of each row at once
  static constexpr int kCacheLine = 64;  // bytes

  static size_t RowFloats(int columns) {
    return static_cast<size_t>((columns + kStep - 1) / kStep) * kStep;
  }

  static size_t IntermediateBytes(int rows, int columns) {
    return sizeof(float) * static_cast<size_t>(rows) * RowFloats(columns);
  }

  static size_t BlockBytes(int columns) {
    return IntermediateBytes(kIntermediateBlockRows, columns);
  }

  // Some pixels of kLanes rows, a vector of rows for each channel of each pixel.
  class Tile {
   public:
    // Where there are less than kLanes rows, the last one stands for the rest.
    Tile(const PixelView& source, int begin, int end)
        : left_(source.area.left), next_(kLanes * source.stride) {
      for (int r = 0; r < kLanes; ++r) row_[r] = source.Row(std::min(begin + r, end - 1));
    }

    void Load(int pixel, int pixels) {
      const ptrdiff_t first = 3 * ptrdiff_t{pixel - left_};
      for (int i = 0; i < 3 * pixels; i += kTileBytes) {
        if (i % kCacheLine == 0) {
          for (const uint8_t* row : row_) _mm_prefetch(row + first + i + next_, _MM_HINT_T1);
        }
        Simd::TransposeToFloats(row_, first + i, columns_ + i * kLanes);
      }
    }

    // Adds `taps` taps from the tile's pixel `first` on to the sums of the three channels, the
    // first `rounded` ones with two roundings.
    void Add(const float* weights, int taps, int rounded, int first, Vector sum[3]) const {
      const float* column = columns_ + 3 * first * kLanes;
      int t = 0;
      for (; t < std::min(rounded, taps); ++t, column += 3 * kLanes) {
        const Vector weight = Simd::Broadcast(weights[t]);
        for (int c = 0; c < 3; ++c) sum[c] += weight * Simd::Load(column + c * kLanes);
      }
      for (; t < taps; ++t, column += 3 * kLanes) {
        const Vector weight = Simd::Broadcast(weights[t]);
        for (int c = 0; c < 3; ++c) {
          sum[c] = Simd::MultiplyAdd(weight, Simd::Load(column + c * kLanes), sum[c]);
        }
      }
    }

   private:
    const uint8_t* row_[kLanes];
    int left_;
    ptrdiff_t next_;  // bytes to the rows below
    alignas(64) float columns_[3 * kTilePixels * kLanes];
  };

  // Takes vectors of rows, one for each column, and writes rows.
  class RowWriter {
   public:
    RowWriter(float* out, size_t stride, int rows) : out_(out), stride_(stride), rows_(rows) {}

    void Put(const Vector sum[3]) {
      for (int c = 0; c < 3; ++c) {
        column_[used_++] = sum[c];
        if (used_ == kLanes) Flush();
      }
    }

    void Flush() {
      if (used_ == 0) return;
      used_ = 0;
      Simd::Transpose(column_);
      for (int r = 0; r < rows_; ++r) {
        Simd::Store(out_ + stride_ * static_cast<size_t>(r), column_[r]);
      }
      out_ += kLanes;
    }

   private:
    float* out_;
    size_t stride_;
    int rows_;
    int used_ = 0;
    Vector column_[kLanes] = {};
  };

  static const float* WeightsOf(const AxisPlan& plan, size_t i) {
    return plan.float_weights.data() + i * static_cast<size_t>(plan.taps);
  }

  // A window that is longer than the tile.
  static void PutWide(const AxisPlan& plan, size_t i, Tile* tile, RowWriter* writer) {
    Vector sum[3] = {};
    for (int t = 0; t < plan.length[i]; t += kTilePixels) {
      const int taps = std::min(kTilePixels, plan.length[i] - t);
      tile->Load(plan.start[i] + t, taps);
      tile->Add(WeightsOf(plan, i) + t, taps, RoundedTaps(plan.length[i]) - t, 0, sum);
    }
    writer->Put(sum);
  }

  // As many windows as the tile holds, from `i` on. Returns the first one that is not done.
  static size_t PutSome(const AxisPlan& plan, size_t i, Tile* tile, RowWriter* writer) {
    const int first = plan.start[i];
    size_t end = i + 1;
    while (end < plan.start.size() && plan.start[end] + plan.length[end] <= first + kTilePixels) {
      ++end;
    }
    tile->Load(first, plan.start[end - 1] + plan.length[end - 1] - first);
    for (; i < end; ++i) {
      Vector sum[3] = {};
      tile->Add(WeightsOf(plan, i), plan.length[i], RoundedTaps(plan.length[i]),
                plan.start[i] - first, sum);
      writer->Put(sum);
    }
    return end;
  }

  static void Horizontal(const PackedAxis& horizontal, int begin, int end, const PixelView& source,
                         uint8_t* intermediate) {
    const AxisPlan& plan = horizontal.plan;
    const size_t stride = RowFloats(3 * plan.count);
    auto* out = reinterpret_cast<float*>(intermediate);
    for (int y = begin; y < end; y += kLanes, out += kLanes * stride) {
      Tile tile(source, y, end);
      RowWriter writer(out, stride, std::min(kLanes, end - y));
      for (size_t i = 0; i < plan.start.size();) {
        if (plan.length[i] > kTilePixels) {
          PutWide(plan, i++, &tile, &writer);
        } else {
          i = PutSome(plan, i, &tile, &writer);
        }
      }
      writer.Flush();
    }
  }

  static void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate,
                       int skipped, int columns, uint8_t* out) {
    const AxisPlan& plan = vertical.plan;
    const size_t i = static_cast<size_t>(row);
    const size_t stride = RowFloats(columns);
    const float* const weights = WeightsOf(plan, i);
    const float* top = reinterpret_cast<const float*>(intermediate) +
                       stride * static_cast<size_t>(plan.start[i] - plan.input_begin() - skipped);
    for (int column = 0; column < columns; column += kStep, top += kStep, out += kStep) {
      Vector sum[4] = {};
      const float* input = top;
      int t = 0;
      for (; t < RoundedTaps(plan.length[i]); ++t, input += stride) {
        const Vector weight = Simd::Broadcast(weights[t]);
        for (int v = 0; v < 4; ++v) sum[v] += weight * Simd::Load(input + v * kLanes);
      }
      for (; t < plan.length[i]; ++t, input += stride) {
        const Vector weight = Simd::Broadcast(weights[t]);
        for (int v = 0; v < 4; ++v) {
          sum[v] = Simd::MultiplyAdd(weight, Simd::Load(input + v * kLanes), sum[v]);
        }
      }
      Simd::StoreBytes(out, sum);
    }
  }
};

}  // namespace regcore
