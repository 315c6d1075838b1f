// The obvious loops: the twin that every other kernel must equal. Intermediate: plain RGB8 rows.
#include <algorithm>

#include "resample/kernels.h"

namespace regcore {
namespace {

uint8_t Clip8(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255)); }

constexpr int32_t kHalf = 1 << (kWeightBits - 1);

Status PackNothing(PackedAxis*) { return {}; }

size_t IntermediateBytes(int rows, int columns) {
  return static_cast<size_t>(rows) * static_cast<size_t>(columns);
}

void Horizontal(const PackedAxis& horizontal, const AxisPlan& vertical, const RgbView& source,
                uint8_t* intermediate) {
  const AxisPlan& plan = horizontal.plan;
  for (int y = vertical.input_begin(); y < vertical.input_end(); ++y) {
    for (int x = 0; x < plan.count; ++x) {
      const size_t i = static_cast<size_t>(x);
      const int32_t* weights = plan.weights.data() + i * static_cast<size_t>(plan.taps);
      const uint8_t* pixel = source.Row(y) + 3 * (plan.start[i] - source.area.left);
      int32_t sum[3] = {kHalf, kHalf, kHalf};
      for (int t = 0; t < plan.length[i]; ++t) {
        for (int c = 0; c < 3; ++c) sum[c] += weights[t] * pixel[3 * t + c];
      }
      for (int c = 0; c < 3; ++c) *intermediate++ = Clip8(sum[c]);
    }
  }
}

void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate, int columns,
              uint8_t* out) {
  const AxisPlan& plan = vertical.plan;
  const size_t i = static_cast<size_t>(row);
  const int32_t* weights = plan.weights.data() + i * static_cast<size_t>(plan.taps);
  const uint8_t* top =
      intermediate + IntermediateBytes(plan.start[i] - plan.input_begin(), columns);
  for (int column = 0; column < columns; ++column) {
    int32_t sum = kHalf;
    for (int t = 0; t < plan.length[i]; ++t) sum += weights[t] * top[t * columns + column];
    out[column] = Clip8(sum);
  }
}

}  // namespace

const ResampleKernel kResamplePortable = {PackNothing, PackNothing, IntermediateBytes, Horizontal,
                                          Vertical};

}  // namespace regcore
