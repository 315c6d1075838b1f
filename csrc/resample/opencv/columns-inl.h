// The horizontal passes of OpenCV's vector kernels. Sums of floats go on one input after the other,
// as in the portable kernels: a weight of zero past the end of a window adds nothing to any sum.
#pragma once

#include <algorithm>

#include "resample/opencv/cubic_rows.h"
#include "resample/opencv/packed_columns.h"
#include "resample/opencv/row_layout-inl.h"

namespace regcore {

// `Simd` wraps one instruction set's operations on its `Vector` of 32-bit lanes and its `Floats`.
// It must be local to the file that instantiates this, for that is compiled for that instruction
// set.
template <typename Simd>
class OpencvColumns {
 public:
  static Status PackIntegers(PackedAxis* axis) {
    return PackIntegerColumns(kLanes, Simd::kGathers, axis);
  }
  static Status PackFloats(PackedAxis* axis) {
    return PackFloatColumns(kLanes, Simd::kGathers, axis);
  }

  static void Linear(const PackedAxis& axis, int begin, int end, const PixelView& source,
                     uint8_t* intermediate) {
    Columns<LinearGroups>(axis, begin, end, source, intermediate);
  }

  static void Area(const PackedAxis& axis, int begin, int end, const PixelView& source,
                   uint8_t* intermediate) {
    Columns<AreaGroups>(axis, begin, end, source, intermediate);
  }

  static void Lanczos(const PackedAxis& axis, int begin, int end, const PixelView& source,
                      uint8_t* intermediate) {
    Columns<WindowGroups>(axis, begin, end, source, intermediate);
  }

  // The width of the boxes is the other half of a box's size.
  static void Box(const PackedAxis& axis, int begin, int end, const PixelView& source,
                  uint8_t* intermediate) {
    Columns<AreaGroups>(axis, begin, end, source, intermediate);
    Layout::Note(axis.plan.taps, end - begin, Layout::template RowBytes<float>(3 * axis.plan.count),
                 intermediate);
  }

  static void Cubic(const PackedAxis& axis, int begin, int end, const PixelView& source,
                    uint8_t* intermediate) {
    Columns<WindowGroups>(axis, begin, end, source, intermediate);
    Layout::Note(CubicFloatColumns(axis.plan), end - begin,
                 Layout::template RowBytes<int32_t>(3 * axis.plan.count), intermediate);
  }

 private:
  using Layout = OpencvRowLayout<Simd>;
  using Vector = typename Simd::Vector;
  using Floats = typename Simd::Floats;
  static constexpr int kLanes = Simd::kLanes;
  static constexpr int kQuarters = kLanes / 4;
  static constexpr size_t kVectorBytes = 4 * size_t{kLanes};

  static constexpr int kMaxRows = 4;

  // Some rows of the source, from column 0 of the picture on, and of the intermediate image.
  struct Rows {
    const uint8_t* source[kMaxRows];
    ptrdiff_t ahead;  // bytes to the rows that follow the next ones
    uint8_t* out;
    size_t out_stride;
  };

  // Whoever made the picture left it in L2 or further away.
  template <int kRows>
  static void PrefetchBelow(const Rows& rows, int place) {
    for (int r = 0; r < kRows; ++r) {
      _mm_prefetch(rows.source[r] + rows.ahead + place, _MM_HINT_T1);
    }
  }

  // The bytes of a row that a group reads, from `bytes` of which each lane takes its own.
  template <GroupShape kShape>
  class Source {
   public:
    Source(const uint8_t* row, const int32_t* places) {
      if constexpr (kShape == kNearGroups) {
        from_ = row + places[0];
      } else {
        loaded_ = kShape == kFarQuarters ? Simd::LoadHalves(row, places)
                                         : Simd::LoadQuarters(row, places);
      }
    }

    Vector Take(Vector bytes) const {
      if constexpr (kShape == kNearGroups) return Simd::Gather(from_, bytes);
      return Simd::Shuffle(loaded_, bytes);
    }

   private:
    const uint8_t* from_;
    Vector loaded_;
  };

  template <GroupShape kShape>
  static constexpr int kPlaces = kShape == kNearGroups    ? 1
                                 : kShape == kFarQuarters ? 2 * kQuarters
                                                          : kQuarters;
  template <GroupShape kShape>
  static constexpr int kGroupInts = 1 + kPlaces<kShape>;

  // Two groups of one pair at a time, whose numbers lose 4 bits.
  struct LinearGroups {
    using Number = int16_t;

    template <GroupShape kShape, int kRows>
    static void Run(const PackedAxis& axis, const Rows& rows) {
      const uint8_t* packed = axis.weights.data();
      const int32_t* block = axis.blocks.data();
      const int32_t* const end = block + axis.blocks.size();
      uint8_t* out = rows.out;
      for (; block < end; block += 2 * kGroupInts<kShape>, out += kVectorBytes) {
        const Vector bytes[2] = {Simd::Load(packed), Simd::Load(packed + 2 * kVectorBytes)};
        const Vector weights[2] = {Simd::Load(packed + kVectorBytes),
                                   Simd::Load(packed + 3 * kVectorBytes)};
        packed += 4 * kVectorBytes;
        PrefetchBelow<kRows>(rows, block[1]);
        // Ten pixels of a picture that shrinks are more than a cache line.
        if constexpr (kLanes == 16) PrefetchBelow<kRows>(rows, block[1 + kGroupInts<kShape>]);
        // Copies, as the compiler must take every store for one to the plan.
        int32_t places[2][kPlaces<kShape>];
        for (int g = 0; g < 2; ++g) {
          std::copy_n(block + 1 + g * kGroupInts<kShape>, kPlaces<kShape>, places[g]);
        }
        for (int r = 0; r < kRows; ++r) {
          Vector sum[2];
          for (int g = 0; g < 2; ++g) {
            const Source<kShape> taps(rows.source[r], places[g]);
            sum[g] = Simd::Dot(taps.Take(bytes[g]), weights[g]);
          }
          Simd::Store(out + static_cast<size_t>(r) * rows.out_stride,
                      Simd::SixteenthWords(sum[0], sum[1]));
        }
      }
    }
  };

  struct AreaGroups {
    using Number = float;

    template <GroupShape kShape, int kRows>
    static void Run(const PackedAxis& axis, const Rows& rows) {
      const uint8_t* packed = axis.weights.data();
      const int32_t* block = axis.blocks.data();
      const int32_t* const end = block + axis.blocks.size();
      uint8_t* out = rows.out;
      for (; block < end; block += kGroupInts<kShape>, out += kVectorBytes) {
        const Vector first = Simd::Load(packed);
        const Vector second = Simd::Load(packed + kVectorBytes);
        packed += 2 * kVectorBytes;
        PrefetchBelow<kRows>(rows, block[1]);
        Floats sum[kRows];
        for (int r = 0; r < kRows; ++r) sum[r] = Simd::Zero();
        for (int pair = 0; pair < block[0]; ++pair, packed += 2 * kVectorBytes) {
          const Floats weights[2] = {Simd::LoadFloats(packed),
                                     Simd::LoadFloats(packed + kVectorBytes)};
          for (int r = 0; r < kRows; ++r) {
            const Source<kShape> taps(rows.source[r] + 6 * pair, block + 1);
            sum[r] = Simd::AddProduct(sum[r], Simd::ToFloats(taps.Take(first)), weights[0]);
            sum[r] = Simd::AddProduct(sum[r], Simd::ToFloats(taps.Take(second)), weights[1]);
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

    template <GroupShape kShape, int kRows>
    static void Run(const PackedAxis& axis, const Rows& rows) {
      const uint8_t* packed = axis.weights.data();
      const int32_t* block = axis.blocks.data();
      const int32_t* const end = block + axis.blocks.size();
      uint8_t* out = rows.out;
      for (; block < end; block += kGroupInts<kShape>, out += kVectorBytes) {
        const Vector bytes = Simd::Load(packed);
        packed += kVectorBytes;
        PrefetchBelow<kRows>(rows, block[1]);
        Vector sum[kRows];
        for (int r = 0; r < kRows; ++r) sum[r] = Simd::Broadcast(0);
        for (int pair = 0; pair < block[0]; ++pair, packed += kVectorBytes) {
          const Vector weights = Simd::Load(packed);
          for (int r = 0; r < kRows; ++r) {
            const Source<kShape> taps(rows.source[r] + 6 * pair, block + 1);
            sum[r] = Simd::Add(sum[r], Simd::Dot(taps.Take(bytes), weights));
          }
        }
        for (int r = 0; r < kRows; ++r) {
          Simd::Store(out + static_cast<size_t>(r) * rows.out_stride, sum[r]);
        }
      }
    }
  };

  template <typename Groups, GroupShape kShape, int kRows>
  static void RowsFrom(const PackedAxis& axis, int begin, const PixelView& source, uint8_t* out) {
    Rows rows = {{},
                 2 * kRows * source.stride,
                 out,
                 Layout::template RowBytes<typename Groups::Number>(3 * axis.plan.count)};
    for (int r = 0; r < kRows; ++r) {
      rows.source[r] = source.Row(begin + r) - 3 * ptrdiff_t{source.area.left};
    }
    Groups::template Run<kShape, kRows>(axis, rows);
  }

  template <typename Groups, GroupShape kShape>
  static void ColumnsOf(const PackedAxis& axis, int begin, int end, const PixelView& source,
                        uint8_t* out) {
    const size_t row_bytes =
        Layout::template RowBytes<typename Groups::Number>(3 * axis.plan.count);
    for (; begin + kMaxRows <= end; begin += kMaxRows, out += kMaxRows * row_bytes) {
      RowsFrom<Groups, kShape, kMaxRows>(axis, begin, source, out);
    }
    for (; begin < end; ++begin, out += row_bytes) {
      RowsFrom<Groups, kShape, 1>(axis, begin, source, out);
    }
  }

  template <typename Groups>
  static void Columns(const PackedAxis& axis, int begin, int end, const PixelView& source,
                      uint8_t* intermediate) {
    if constexpr (Simd::kGathers) {
      if (axis.shape == kNearGroups) {
        return ColumnsOf<Groups, kNearGroups>(axis, begin, end, source, intermediate);
      }
    }
    if (axis.shape == kFarQuarters) {
      return ColumnsOf<Groups, kFarQuarters>(axis, begin, end, source, intermediate);
    }
    ColumnsOf<Groups, kNearQuarters>(axis, begin, end, source, intermediate);
  }
};

}  // namespace regcore
