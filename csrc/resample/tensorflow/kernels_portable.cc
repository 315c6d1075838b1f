// The obvious loops: the twin that every other kernel must equal.
#include "resample/tensorflow/area_value.h"
#include "resample/tensorflow/kernels.h"
#include "resample/tensorflow/source_picture.h"

namespace regcore {
namespace {

const float* WeightsOf(const AxisPlan& plan, size_t output) {
  return plan.float_weights.data() + output * static_cast<size_t>(plan.taps);
}

// Calls value(picture, x, channel) for each column of an output row.
template <typename Value>
void ForEachColumn(const uint8_t* intermediate, int columns, uint8_t* out, const Value& value) {
  const SourcePicture picture = SourcePictureFrom(intermediate);
  float* values = reinterpret_cast<float*>(out);
  for (int column = 0; column < columns; ++column) {
    values[column] = value(picture, static_cast<size_t>(column / 3), column % 3);
  }
}

void Linear(const PackedAxis& vertical, int row, const uint8_t* intermediate, int, int columns,
            uint8_t* out) {
  const AxisPlan& down = vertical.plan;
  const size_t y = static_cast<size_t>(row);
  ForEachColumn(intermediate, columns, out, [&](const SourcePicture& picture, size_t x, int c) {
    const AxisPlan& across = picture.horizontal->plan;
    const auto between = [&](int line) {
      const uint8_t* left = picture.Pixel(across.start[x], line) + c;
      const uint8_t* right = left + 3 * (across.length[x] - 1);
      const float from = static_cast<float>(*left);
      const float to = static_cast<float>(*right);
      return from + (to - from) * across.float_weights[x];
    };
    const float top = between(down.start[y]);
    const float bottom = between(down.start[y] + down.length[y] - 1);
    return top + (bottom - top) * down.float_weights[y];
  });
}

void Sums(const PackedAxis& vertical, int row, const uint8_t* intermediate, int, int columns,
          uint8_t* out) {
  const AxisPlan& down = vertical.plan;
  const size_t y = static_cast<size_t>(row);
  ForEachColumn(intermediate, columns, out, [&](const SourcePicture& picture, size_t x, int c) {
    const AxisPlan& across = picture.horizontal->plan;
    float sum = 0.0f;
    for (int t = 0; t < across.length[x]; ++t) {
      float below = 0.0f;
      for (int s = 0; s < down.length[y]; ++s) {
        const uint8_t* pixel = picture.Pixel(across.start[x] + t, down.start[y] + s);
        below += WeightsOf(down, y)[s] * static_cast<float>(pixel[c]);
      }
      sum += WeightsOf(across, x)[t] * below;
    }
    return sum;
  });
}

void Area(const PackedAxis& vertical, int row, const uint8_t* intermediate, int, int columns,
          uint8_t* out) {
  const size_t y = static_cast<size_t>(row);
  ForEachColumn(intermediate, columns, out, [&](const SourcePicture& picture, size_t x, int c) {
    return AreaValue(picture, vertical.plan, x, y, c);
  });
}

constexpr ResampleKernel Kernel(decltype(ResampleKernel::vertical) vertical) {
  return {PackNothing,        PackNothing,       SourcePictureBytes,
          SourcePictureBytes, KeepSourcePicture, vertical};
}

}  // namespace

const TensorflowKernels kTensorflowPortable = {Kernel(Linear), Kernel(Sums), Kernel(Area)};

}  // namespace regcore
