// The obvious loops: the twins that every other kernel must equal.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "resample/opencv/cubic_rows.h"
#include "resample/opencv/kernels.h"
#include "resample/opencv/plans.h"

namespace regcore {
namespace {

// Intermediate rows of `columns` numbers of this type.
template <typename T>
size_t RowBytes(int columns) {
  return static_cast<size_t>(columns) * sizeof(T);
}

template <typename T>
size_t BlockBytes(int columns) {
  return kIntermediateBlockRows * RowBytes<T>(columns);
}

template <typename T>
size_t IntermediateBytes(int rows, int columns) {
  return static_cast<size_t>(rows) * RowBytes<T>(columns);
}

// Calls sum(i, pixel) for output i of each row, at the channel `pixel` of its first input.
template <typename T, typename Sum>
void Columns(const AxisPlan& plan, int begin, int end, const PixelView& source,
             uint8_t* intermediate, const Sum& sum) {
  T* out = reinterpret_cast<T*>(intermediate);
  for (int y = begin; y < end; ++y) {
    for (size_t i = 0; i < static_cast<size_t>(plan.count); ++i) {
      const uint8_t* pixel = source.Row(y) + 3 * (plan.start[i] - source.area.left);
      for (int c = 0; c < 3; ++c) *out++ = static_cast<T>(sum(i, pixel + c));
    }
  }
}

// The intermediate row of input `input` of the vertical axis.
template <typename T>
const T* RowOf(const AxisPlan& plan, int input, const uint8_t* intermediate, int skipped,
               int columns) {
  const int row = input - plan.input_begin() - skipped;
  return reinterpret_cast<const T*>(intermediate) + ptrdiff_t{row} * columns;
}

const int32_t* WeightsOf(const AxisPlan& plan, size_t i) {
  return plan.weights.data() + i * static_cast<size_t>(plan.taps);
}

// INTER_NEAREST

void NearestColumns(const PackedAxis& axis, int begin, int end, const PixelView& source,
                    uint8_t* intermediate) {
  Columns<uint8_t>(axis.plan, begin, end, source, intermediate,
                   [](size_t, const uint8_t* pixel) { return *pixel; });
}

void NearestRow(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                int columns, uint8_t* out) {
  const int input = axis.plan.start[static_cast<size_t>(row)];
  std::memcpy(out, RowOf<uint8_t>(axis.plan, input, intermediate, skipped, columns),
              static_cast<size_t>(columns));
}

// INTER_LINEAR: intermediate values lose 4 of the 11 fraction bits, products 16 more.

void LinearColumns(const PackedAxis& axis, int begin, int end, const PixelView& source,
                   uint8_t* intermediate) {
  const AxisPlan& plan = axis.plan;
  Columns<int16_t>(plan, begin, end, source, intermediate, [&](size_t i, const uint8_t* pixel) {
    const int32_t* weights = WeightsOf(plan, i);
    return (weights[0] * pixel[0] + weights[1] * pixel[3 * (plan.length[i] - 1)]) >> 4;
  });
}

void LinearRow(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
               int columns, uint8_t* out) {
  const AxisPlan& plan = axis.plan;
  const size_t i = static_cast<size_t>(row);
  const int32_t* weights = WeightsOf(plan, i);
  const int16_t* first = RowOf<int16_t>(plan, plan.start[i], intermediate, skipped, columns);
  const int16_t* last = first + (plan.length[i] - 1) * columns;
  for (int x = 0; x < columns; ++x) {
    out[x] = static_cast<uint8_t>(
        (((weights[0] * first[x]) >> 16) + ((weights[1] * last[x]) >> 16) + 2) >> 2);
  }
}

// INTER_AREA with any scales: sums in float, one input after the other.

float ToPixel(float value) { return std::clamp(std::nearbyint(value), 0.0f, 255.0f); }

void AreaColumns(const PackedAxis& axis, int begin, int end, const PixelView& source,
                 uint8_t* intermediate) {
  const AxisPlan& plan = axis.plan;
  Columns<float>(plan, begin, end, source, intermediate, [&](size_t i, const uint8_t* pixel) {
    const float* weights = plan.float_weights.data() + i * static_cast<size_t>(plan.taps);
    float sum = 0;
    for (int t = 0; t < plan.length[i]; ++t) sum += weights[t] * pixel[3 * t];
    return sum;
  });
}

void AreaRow(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped, int columns,
             uint8_t* out) {
  const AxisPlan& plan = axis.plan;
  const size_t i = static_cast<size_t>(row);
  const float* weights = plan.float_weights.data() + i * static_cast<size_t>(plan.taps);
  const float* top = RowOf<float>(plan, plan.start[i], intermediate, skipped, columns);
  for (int x = 0; x < columns; ++x) {
    float sum = 0;
    for (int t = 0; t < plan.length[i]; ++t) sum += weights[t] * top[t * columns + x];
    out[x] = static_cast<uint8_t>(ToPixel(sum));
  }
}

// Rows of integers that end with a number which the vertical pass has to know of the columns.

int NotedColumns(int columns) { return columns + 1; }

size_t NotedBlockBytes(int columns) { return BlockBytes<int32_t>(NotedColumns(columns)); }

size_t NotedIntermediateBytes(int rows, int columns) {
  return IntermediateBytes<int32_t>(rows, NotedColumns(columns));
}

template <typename Sum>
void ColumnsWithNote(const AxisPlan& plan, int begin, int end, const PixelView& source,
                     uint8_t* intermediate, int32_t note, const Sum& sum) {
  const int columns = 3 * plan.count;
  for (int y = begin; y < end; ++y) {
    Columns<int32_t>(plan, y, y + 1, source, intermediate, sum);
    std::memcpy(intermediate + RowBytes<int32_t>(columns), &note, sizeof(note));
    intermediate += RowBytes<int32_t>(NotedColumns(columns));
  }
}

// INTER_AREA with integer scales: the sum of a box, times the inverse of its size in float. The
// width of the boxes is the rows' note.

void BoxColumns(const PackedAxis& axis, int begin, int end, const PixelView& source,
                uint8_t* intermediate) {
  const int taps = axis.plan.taps;
  ColumnsWithNote(axis.plan, begin, end, source, intermediate, taps,
                  [&](size_t, const uint8_t* pixel) {
                    int32_t sum = 0;
                    for (int t = 0; t < taps; ++t) sum += pixel[3 * t];
                    return sum;
                  });
}

void BoxRow(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped, int columns,
            uint8_t* out) {
  const AxisPlan& plan = axis.plan;
  const int stride = NotedColumns(columns);
  const int32_t* top =
      RowOf<int32_t>(plan, plan.start[static_cast<size_t>(row)], intermediate, skipped, stride);
  const float inverse = 1.0f / static_cast<float>(top[columns] * plan.taps);
  for (int x = 0; x < columns; ++x) {
    int32_t sum = 0;
    for (int t = 0; t < plan.taps; ++t) sum += top[t * stride + x];
    out[x] = static_cast<uint8_t>(ToPixel(static_cast<float>(sum) * inverse));
  }
}

// INTER_LANCZOS4: integers, rounded once.

int32_t WindowSum(const AxisPlan& plan, size_t i, const uint8_t* pixel) {
  int32_t sum = 0;
  for (int t = 0; t < plan.length[i]; ++t) sum += WeightsOf(plan, i)[t] * pixel[3 * t];
  return sum;
}

uint8_t RoundedOnce(int32_t sum) {
  constexpr int kBits = 2 * kOpencvBits;
  return static_cast<uint8_t>(std::clamp((sum + (1 << (kBits - 1))) >> kBits, 0, 255));
}

void LanczosColumns(const PackedAxis& axis, int begin, int end, const PixelView& source,
                    uint8_t* intermediate) {
  const AxisPlan& plan = axis.plan;
  Columns<int32_t>(plan, begin, end, source, intermediate,
                   [&](size_t i, const uint8_t* pixel) { return WindowSum(plan, i, pixel); });
}

void LanczosRow(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
                int columns, uint8_t* out) {
  const AxisPlan& plan = axis.plan;
  const size_t i = static_cast<size_t>(row);
  const int32_t* weights = WeightsOf(plan, i);
  const int32_t* top = RowOf<int32_t>(plan, plan.start[i], intermediate, skipped, columns);
  for (int x = 0; x < columns; ++x) {
    int32_t sum = 0;
    for (int t = 0; t < plan.length[i]; ++t) sum += weights[t] * top[t * columns + x];
    out[x] = RoundedOnce(sum);
  }
}

// INTER_CUBIC: the same columns, and rows added up in float, the last one first. The number of
// columns for which that holds is the rows' note; integers are for those after them.

void CubicColumns(const PackedAxis& axis, int begin, int end, const PixelView& source,
                  uint8_t* intermediate) {
  const AxisPlan& plan = axis.plan;
  ColumnsWithNote(plan, begin, end, source, intermediate, CubicFloatColumns(plan),
                  [&](size_t i, const uint8_t* pixel) { return WindowSum(plan, i, pixel); });
}

void CubicRow(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped,
              int columns, uint8_t* out) {
  constexpr float kUnit = 1.0f / (1 << 2 * kOpencvBits);
  const AxisPlan& plan = axis.plan;
  const size_t i = static_cast<size_t>(row);
  const int32_t* weights = WeightsOf(plan, i);
  const int32_t* inputs = axis.blocks.data() + kCubicTaps * i;
  const int stride = NotedColumns(columns);
  const int32_t* top = RowOf<int32_t>(plan, plan.start[i], intermediate, skipped, stride);
  const int float_columns = top[columns];
  for (int x = 0; x < columns; ++x) {
    int32_t integer = 0;
    float sum = 0;
    for (int t = kCubicTaps - 1; t >= 0; --t) {
      const int32_t value = top[inputs[t] * stride + x];
      integer += weights[t] * value;
      sum += static_cast<float>(value) * (static_cast<float>(weights[t]) * kUnit);
    }
    out[x] = x < float_columns ? static_cast<uint8_t>(ToPixel(sum)) : RoundedOnce(integer);
  }
}

template <typename T>
constexpr ResampleKernel Kernel(decltype(ResampleKernel::horizontal) horizontal,
                                decltype(ResampleKernel::vertical) vertical) {
  return {PackNothing, PackNothing, BlockBytes<T>,      IntermediateBytes<T>,
          horizontal,  vertical,    /*plain_rows=*/true};
}

}  // namespace

const ResampleKernel kOpencvNearest = Kernel<uint8_t>(NearestColumns, NearestRow);

const OpencvKernels kOpencvPortable = {
    Kernel<int16_t>(LinearColumns, LinearRow),
    Kernel<float>(AreaColumns, AreaRow),
    {PackNothing, PackNothing, NotedBlockBytes, NotedIntermediateBytes, BoxColumns, BoxRow,
     /*plain_rows=*/true},
    Kernel<int32_t>(LanczosColumns, LanczosRow),
    {PackNothing, PackCubicRows, NotedBlockBytes, NotedIntermediateBytes, CubicColumns, CubicRow,
     /*plain_rows=*/true},
};

}  // namespace regcore
