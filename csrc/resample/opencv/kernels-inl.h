// The vector kernels of OpenCV's methods. Sums of floats go on one input after the other, as in the
// portable kernels: a weight of zero past the end of a window adds nothing to any sum.
#pragma once

#include <cstring>

#include "resample/opencv/cubic_rows.h"
#include "resample/opencv/kernels.h"
#include "resample/opencv/packed_columns.h"
#include "resample/opencv/plans.h"

namespace regcore {

// `Simd` wraps one instruction set's operations on its `Vector` of 32-bit lanes and its `Floats`.
// It must be local to the file that instantiates this, for that is compiled for that instruction
// set.
template <typename Simd>
class OpencvVectorKernels {
 public:
  static constexpr OpencvKernels Make() {
    return {
        KernelOf<int16_t>(PackIntegers, Columns<LinearGroups>, LinearRow),
        KernelOf<float>(PackFloats, Columns<AreaGroups>, AreaRow),
        KernelOf<float>(PackFloats, BoxColumns, BoxRow),
        KernelOf<int32_t>(PackIntegers, Columns<WindowGroups>, LanczosRow),
        KernelOf<int32_t>(PackIntegers, CubicColumns, CubicRow, PackCubicRows),
    };
  }

 private:
  using Vector = typename Simd::Vector;
  using Floats = typename Simd::Floats;
  static constexpr int kLanes = Simd::kLanes;
  static constexpr int kQuarters = kLanes / 4;
  static constexpr size_t kVectorBytes = 4 * size_t{kLanes};
  static constexpr int kStep = 64;              // columns to which rows are rounded up
  static constexpr int kVertical = 4 * kLanes;  // columns of a step of a vertical pass
  static constexpr int kTrailer = 64;           // bytes after a row's numbers, for the box's width

  static Status PackIntegers(PackedAxis* axis) { return PackIntegerColumns(kLanes, axis); }
  static Status PackFloats(PackedAxis* axis) { return PackFloatColumns(kLanes, axis); }

  template <typename T>
  static constexpr ResampleKernel KernelOf(
      decltype(ResampleKernel::pack_horizontal) pack,
      decltype(ResampleKernel::horizontal) horizontal, decltype(ResampleKernel::vertical) vertical,
      decltype(ResampleKernel::pack_vertical) pack_rows = PackNothing) {
    return {pack,       pack_rows, BlockBytes<T>,      IntermediateBytes<T>,
            horizontal, vertical,  /*plain_rows=*/true};
  }

  template <typename T>
  static size_t RowBytes(int columns) {
    return sizeof(T) * static_cast<size_t>((columns + kStep - 1) / kStep * kStep) + kTrailer;
  }

  template <typename T>
  static size_t BlockBytes(int columns) {
    return kIntermediateBlockRows * RowBytes<T>(columns);
  }

  template <typename T>
  static size_t IntermediateBytes(int rows, int columns) {
    return static_cast<size_t>(rows) * RowBytes<T>(columns);
  }

  // Rows of the source, from column 0 of the picture on, and of the intermediate image.
  struct Rows {
    const uint8_t* source;
    ptrdiff_t stride;
    uint8_t* out;
    size_t out_stride;
  };

  // A pair of taps of each column of a group, where the group's quarters begin to read.
  template <bool kFar>
  static Vector Load(const uint8_t* row, const int32_t* places) {
    if constexpr (kFar) return Simd::LoadHalves(row, places);
    return Simd::LoadQuarters(row, places);
  }

  template <bool kFar>
  static constexpr int kGroupInts = 1 + kQuarters * (kFar ? 2 : 1);

  // Two groups of one pair at a time, whose numbers lose 4 bits.
  struct LinearGroups {
    using Number = int16_t;

    template <bool kFar, int kRows>
    static void Run(const PackedAxis& axis, const Rows& rows) {
      const uint8_t* packed = axis.weights.data();
      const int32_t* block = axis.blocks.data();
      const int32_t* const end = block + axis.blocks.size();
      uint8_t* out = rows.out;
      for (; block < end; block += 2 * kGroupInts<kFar>, out += kVectorBytes) {
        const Vector bytes[2] = {Simd::Load(packed), Simd::Load(packed + 2 * kVectorBytes)};
        const Vector weights[2] = {Simd::Load(packed + kVectorBytes),
                                   Simd::Load(packed + 3 * kVectorBytes)};
        packed += 4 * kVectorBytes;
        for (int r = 0; r < kRows; ++r) {
          const uint8_t* row = rows.source + r * rows.stride;
          Vector sum[2];
          for (int g = 0; g < 2; ++g) {
            const Vector taps = Load<kFar>(row, block + 1 + g * kGroupInts<kFar>);
            sum[g] = Simd::Dot(Simd::Shuffle(taps, bytes[g]), weights[g]);
          }
          Simd::Store(out + static_cast<size_t>(r) * rows.out_stride,
                      Simd::Words(Simd::template ShiftRight<4>(sum[0]),
                                  Simd::template ShiftRight<4>(sum[1])));
        }
      }
    }
  };

  struct AreaGroups {
    using Number = float;

    template <bool kFar, int kRows>
    static void Run(const PackedAxis& axis, const Rows& rows) {
      const uint8_t* packed = axis.weights.data();
      const int32_t* block = axis.blocks.data();
      const int32_t* const end = block + axis.blocks.size();
      uint8_t* out = rows.out;
      for (; block < end; block += kGroupInts<kFar>, out += kVectorBytes) {
        const Vector first = Simd::Load(packed);
        const Vector second = Simd::Load(packed + kVectorBytes);
        packed += 2 * kVectorBytes;
        Floats sum[kRows];
        for (int r = 0; r < kRows; ++r) sum[r] = Simd::Zero();
        for (int pair = 0; pair < block[0]; ++pair, packed += 2 * kVectorBytes) {
          const Floats weights[2] = {Simd::LoadFloats(packed),
                                     Simd::LoadFloats(packed + kVectorBytes)};
          for (int r = 0; r < kRows; ++r) {
            const Vector taps = Load<kFar>(rows.source + r * rows.stride + 6 * pair, block + 1);
            sum[r] =
                Simd::AddProduct(sum[r], Simd::ToFloats(Simd::Shuffle(taps, first)), weights[0]);
            sum[r] =
                Simd::AddProduct(sum[r], Simd::ToFloats(Simd::Shuffle(taps, second)), weights[1]);
          }
        }
        for (int r = 0; r < kRows; ++r) {
          Simd::StoreFloats(out + static_cast<size_t>(r) * rows.out_stride, sum[r]);
        }
      }
    }
  };

  struct WindowGroups {
    using Number = int32_t;

    template <bool kFar, int kRows>
    static void Run(const PackedAxis& axis, const Rows& rows) {
      const uint8_t* packed = axis.weights.data();
      const int32_t* block = axis.blocks.data();
      const int32_t* const end = block + axis.blocks.size();
      uint8_t* out = rows.out;
      for (; block < end; block += kGroupInts<kFar>, out += kVectorBytes) {
        const Vector bytes = Simd::Load(packed);
        packed += kVectorBytes;
        Vector sum[kRows];
        for (int r = 0; r < kRows; ++r) sum[r] = Simd::Broadcast(0);
        for (int pair = 0; pair < block[0]; ++pair, packed += kVectorBytes) {
          const Vector weights = Simd::Load(packed);
          for (int r = 0; r < kRows; ++r) {
            const Vector taps = Load<kFar>(rows.source + r * rows.stride + 6 * pair, block + 1);
            sum[r] = Simd::Add(sum[r], Simd::Dot(Simd::Shuffle(taps, bytes), weights));
          }
        }
        for (int r = 0; r < kRows; ++r) {
          Simd::Store(out + static_cast<size_t>(r) * rows.out_stride, sum[r]);
        }
      }
    }
  };

  template <typename Groups, bool kFar>
  static void ColumnsOf(const PackedAxis& axis, int count, Rows rows) {
    constexpr int kTogether = 4;
    for (; count >= kTogether; count -= kTogether) {
      Groups::template Run<kFar, kTogether>(axis, rows);
      rows.source += kTogether * rows.stride;
      rows.out += kTogether * rows.out_stride;
    }
    for (; count > 0; --count) {
      Groups::template Run<kFar, 1>(axis, rows);
      rows.source += rows.stride;
      rows.out += rows.out_stride;
    }
  }

  template <typename Groups>
  static void Columns(const PackedAxis& axis, int begin, int end, const PixelView& source,
                      uint8_t* intermediate) {
    const Rows rows = {source.Row(begin) - 3 * ptrdiff_t{source.area.left}, source.stride,
                       intermediate, RowBytes<typename Groups::Number>(3 * axis.plan.count)};
    if (axis.shape == kFarQuarters) return ColumnsOf<Groups, true>(axis, end - begin, rows);
    ColumnsOf<Groups, false>(axis, end - begin, rows);
  }

  // The row of the output's first input.
  template <typename T>
  static const uint8_t* Top(const AxisPlan& plan, size_t i, const uint8_t* intermediate,
                            int skipped, int columns) {
    return intermediate +
           static_cast<size_t>(plan.start[i] - plan.input_begin() - skipped) * RowBytes<T>(columns);
  }

  static void LinearRow(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                        int columns, uint8_t* out) {
    const AxisPlan& plan = axis.plan;
    const size_t i = static_cast<size_t>(row);
    const uint8_t* first = Top<int16_t>(plan, i, intermediate, skipped, columns);
    const uint8_t* last =
        first + static_cast<size_t>(plan.length[i] - 1) * RowBytes<int16_t>(columns);
    const Vector weights[2] = {Simd::BroadcastWord(plan.weights[2 * i]),
                               Simd::BroadcastWord(plan.weights[2 * i + 1])};
    const Vector half = Simd::BroadcastWord(2);
    for (int x = 0; x < columns; x += kVertical, out += kVectorBytes) {
      Vector words[2];
      for (Vector& sum : words) {
        sum = Simd::AddWords(Simd::HighProducts(Simd::Load(first), weights[0]),
                             Simd::HighProducts(Simd::Load(last), weights[1]));
        sum = Simd::template ShiftWordsRight<2>(Simd::AddWords(sum, half));
        first += kVectorBytes;
        last += kVectorBytes;
      }
      Simd::StoreUnaligned(out, Simd::Bytes(words[0], words[1]));
    }
  }

  // Sums of products of the rows, or if kBox of the rows themselves, times `factor`.
  template <bool kBox>
  static void FloatRow(const AxisPlan& plan, size_t i, const uint8_t* top, float factor,
                       int columns, uint8_t* out) {
    const size_t stride = RowBytes<float>(columns);
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
      Simd::StoreUnaligned(out, Simd::Bytes(Simd::Words(rounded[0], rounded[1]),
                                            Simd::Words(rounded[2], rounded[3])));
    }
  }

  static void AreaRow(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                      int columns, uint8_t* out) {
    const size_t i = static_cast<size_t>(row);
    FloatRow<false>(axis.plan, i, Top<float>(axis.plan, i, intermediate, skipped, columns), 1.0f,
                    columns, out);
  }

  // What the vertical pass has to know of the columns goes after each row.
  static void Note(int number, int rows, size_t row_bytes, uint8_t* intermediate) {
    for (int r = 0; r < rows; ++r) {
      intermediate += row_bytes;
      std::memcpy(intermediate - kTrailer, &number, sizeof(int));
    }
  }

  static int NoteOf(const uint8_t* row, size_t row_bytes) {
    int number;
    std::memcpy(&number, row + row_bytes - kTrailer, sizeof(int));
    return number;
  }

  // The width of the boxes is the other half of a box's size.
  static void BoxColumns(const PackedAxis& axis, int begin, int end, const PixelView& source,
                         uint8_t* intermediate) {
    Columns<AreaGroups>(axis, begin, end, source, intermediate);
    Note(axis.plan.taps, end - begin, RowBytes<float>(3 * axis.plan.count), intermediate);
  }

  static void BoxRow(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                     int columns, uint8_t* out) {
    const size_t i = static_cast<size_t>(row);
    const uint8_t* top = Top<float>(axis.plan, i, intermediate, skipped, columns);
    const int width = NoteOf(top, RowBytes<float>(columns));
    const float inverse = 1.0f / static_cast<float>(width * axis.plan.taps);
    FloatRow<true>(axis.plan, i, top, inverse, columns, out);
  }

  static void LanczosRow(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                         int columns, uint8_t* out) {
    constexpr int kBits = 2 * kOpencvBits;
    const AxisPlan& plan = axis.plan;
    const size_t i = static_cast<size_t>(row);
    const size_t stride = RowBytes<int32_t>(columns);
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
      Simd::StoreUnaligned(out,
                           Simd::Bytes(Simd::Words(sum[0], sum[1]), Simd::Words(sum[2], sum[3])));
    }
  }

  static void CubicColumns(const PackedAxis& axis, int begin, int end, const PixelView& source,
                           uint8_t* intermediate) {
    Columns<WindowGroups>(axis, begin, end, source, intermediate);
    Note(CubicFloatColumns(axis.plan), end - begin, RowBytes<int32_t>(3 * axis.plan.count),
         intermediate);
  }

  static void CubicRow(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                       int columns, uint8_t* out) {
    constexpr float kUnit = 1.0f / (1 << 2 * kOpencvBits);
    constexpr int kBits = 2 * kOpencvBits;
    const size_t i = static_cast<size_t>(row);
    const size_t stride = RowBytes<int32_t>(columns);
    const uint8_t* top = Top<int32_t>(axis.plan, i, intermediate, skipped, columns);
    const int32_t* fixed = axis.plan.weights.data() + kCubicTaps * i;
    const int float_columns = NoteOf(top, stride);
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
      Simd::StoreUnaligned(out + x, Simd::Bytes(Simd::Words(rounded[0], rounded[1]),
                                                Simd::Words(rounded[2], rounded[3])));
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
};

}  // namespace regcore
