// The vertical passes of OpenCV's vector kernels. Sums of floats go on one input after the other,
// as in the portable kernels.
#pragma once

#include <cstring>

#include "resample/opencv/plans.h"
#include "resample/opencv/row_layout-inl.h"

namespace regcore {

// As OpencvColumns.
template <typename Simd>
class OpencvRows {
 public:
  static void Linear(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                     int columns, uint8_t* out) {
    const AxisPlan& plan = axis.plan;
    const size_t i = static_cast<size_t>(row);
    const uint8_t* first = Top<int16_t>(plan, i, intermediate, skipped, columns);
    const uint8_t* last = first + static_cast<size_t>(plan.length[i] - 1) *
                                      Layout::template RowBytes<int16_t>(columns);
    const Vector weights[2] = {Simd::BroadcastWord(plan.weights[2 * i]),
                               Simd::BroadcastWord(plan.weights[2 * i + 1])};
    const Vector half = Simd::BroadcastWord(2);
    for (int x = 0; x < columns; x += kVertical, out += kVectorBytes) {
      Vector words[2];
      for (Vector& sum : words) {
        sum = Simd::AddWords(Simd::HighProducts(Simd::Load(first), weights[0]),
                             Simd::HighProducts(Simd::Load(last), weights[1]));
        sum = Simd::AddWords(sum, half);
        first += kVectorBytes;
        last += kVectorBytes;
      }
      Simd::StoreUnaligned(out, Simd::QuarterBytes(words[0], words[1]));
    }
  }

  static void Area(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                   int columns, uint8_t* out) {
    const size_t i = static_cast<size_t>(row);
    FloatRow<false>(axis.plan, i, Top<float>(axis.plan, i, intermediate, skipped, columns), 1.0f,
                    columns, out);
  }

  static void Box(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                  int columns, uint8_t* out) {
    const size_t i = static_cast<size_t>(row);
    const uint8_t* top = Top<float>(axis.plan, i, intermediate, skipped, columns);
    const int width = Layout::NoteOf(top, Layout::template RowBytes<float>(columns));
    const float inverse = 1.0f / static_cast<float>(width * axis.plan.taps);
    FloatRow<true>(axis.plan, i, top, inverse, columns, out);
  }

  static void Lanczos(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                      int columns, uint8_t* out) {
    constexpr int kBits = 2 * kOpencvBits;
    const AxisPlan& plan = axis.plan;
    const size_t i = static_cast<size_t>(row);
    const size_t stride = Layout::template RowBytes<int32_t>(columns);
    const uint8_t* top = Top<int32_t>(plan, i, intermediate, skipped, columns);
    const int32_t* weights = plan.weights.data() + i * static_cast<size_t>(plan.taps);
    for (int x = 0; x < columns; x += kVertical, top += 4 * kVectorBytes, out += kVectorBytes) {
      Vector sum[4];
      for (Vector& s : sum) s = Simd::Broadcast(1 << (kBits - 1));
      const uint8_t* tap = top;
      for (int t = 0; t < plan.length[i]; ++t, tap += stride) {
        const Vector weight = Simd::Broadcast(weights[t]);
        for (size_t v = 0; v < 4; ++v) {
          sum[v] = Simd::Add(sum[v], Simd::LowProducts(Simd::Load(tap + v * kVectorBytes), weight));
        }
      }
      for (Vector& s : sum) s = Simd::template ShiftRight<kBits>(s);
      StoreBytes(out, sum);
    }
  }

  static void Cubic(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                    int columns, uint8_t* out) {
    constexpr float kUnit = 1.0f / (1 << 2 * kOpencvBits);
    constexpr int kBits = 2 * kOpencvBits;
    const size_t i = static_cast<size_t>(row);
    const size_t stride = Layout::template RowBytes<int32_t>(columns);
    const uint8_t* top = Top<int32_t>(axis.plan, i, intermediate, skipped, columns);
    const int32_t* fixed = axis.plan.weights.data() + kCubicTaps * i;
    const int float_columns = Layout::NoteOf(top, stride);
    const uint8_t* taps[kCubicTaps];
    Floats weights[kCubicTaps];
    for (size_t t = 0; t < kCubicTaps; ++t) {
      taps[t] = top + stride * static_cast<size_t>(axis.blocks[kCubicTaps * i + t]);
      weights[t] = Simd::BroadcastFloat(static_cast<float>(fixed[t]) * kUnit);
    }
    for (int x = 0; x < float_columns; x += kVertical) {
      Vector rounded[4];
      for (size_t v = 0; v < 4; ++v) {
        const size_t at = 4 * static_cast<size_t>(x) + v * kVectorBytes;
        Floats sum = Simd::Zero();
        for (size_t t = kCubicTaps; t-- > 0;) {
          sum = Simd::AddProduct(sum, Simd::ToFloats(Simd::Load(taps[t] + at)), weights[t]);
        }
        rounded[v] = Simd::Round(sum);
      }
      StoreBytes(out + x, rounded);
    }
    for (int x = float_columns; x < columns; ++x) {
      int32_t sum = 1 << (kBits - 1);
      for (size_t t = 0; t < kCubicTaps; ++t) {
        int32_t value;
        std::memcpy(&value, taps[t] + 4 * static_cast<size_t>(x), sizeof(value));
        sum += fixed[t] * value;
      }
      sum >>= kBits;
      out[x] = static_cast<uint8_t>(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
  }

 private:
  using Layout = OpencvRowLayout<Simd>;
  using Vector = typename Simd::Vector;
  using Floats = typename Simd::Floats;
  static constexpr int kLanes = Simd::kLanes;
  static constexpr size_t kVectorBytes = 4 * size_t{kLanes};
  static constexpr int kVertical = 4 * kLanes;  // columns of a step

  // Four vectors of numbers, saturated.
  static void StoreBytes(uint8_t* out, const Vector x[4]) {
    Simd::StoreUnaligned(out, Simd::Bytes(Simd::Words(x[0], x[1]), Simd::Words(x[2], x[3])));
  }

  // The row of the output's first input.
  template <typename T>
  static const uint8_t* Top(const AxisPlan& plan, size_t i, const uint8_t* intermediate,
                            int skipped, int columns) {
    return intermediate + static_cast<size_t>(plan.start[i] - plan.input_begin() - skipped) *
                              Layout::template RowBytes<T>(columns);
  }

  // Sums of products of the rows, or if kBox of the rows themselves, times `factor`.
  template <bool kBox>
  static void FloatRow(const AxisPlan& plan, size_t i, const uint8_t* top, float factor,
                       int columns, uint8_t* out) {
    const size_t stride = Layout::template RowBytes<float>(columns);
    const float* weights = plan.float_weights.data() + i * static_cast<size_t>(plan.taps);
    for (int x = 0; x < columns; x += kVertical, top += 4 * kVectorBytes, out += kVectorBytes) {
      Floats sum[4] = {Simd::Zero(), Simd::Zero(), Simd::Zero(), Simd::Zero()};
      const uint8_t* tap = top;
      for (int t = 0; t < plan.length[i]; ++t, tap += stride) {
        const Floats weight = Simd::BroadcastFloat(weights[t]);
        for (size_t v = 0; v < 4; ++v) {
          sum[v] = Simd::AddProduct(sum[v], Simd::LoadFloats(tap + v * kVectorBytes), weight);
        }
      }
      Vector rounded[4];
      for (size_t v = 0; v < 4; ++v) {
        if constexpr (kBox) sum[v] = Simd::Product(sum[v], Simd::BroadcastFloat(factor));
        rounded[v] = Simd::Round(sum[v]);
      }
      StoreBytes(out, rounded);
    }
  }
};

}  // namespace regcore
