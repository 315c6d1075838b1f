// The obvious loops: the twin that every other kernel must equal. Intermediate: plain rows.
#include <algorithm>

#include "resample/kernels.h"

namespace regcore {
namespace {

uint8_t Clip8(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255)); }

constexpr int32_t kHalf = 1 << (kWeightBits - 1);

size_t IntermediateBytes(int rows, int columns) {
  return static_cast<size_t>(rows) * static_cast<size_t>(columns);
}

size_t BlockBytes(int columns) { return IntermediateBytes(kIntermediateBlockRows, columns); }

template <int kChannels>
void Horizontal(const PackedAxis& horizontal, int begin, int end, const PixelView& source,
                uint8_t* intermediate) {
  const AxisPlan& plan = horizontal.plan;
  for (int y = begin; y < end; ++y) {
    for (int x = 0; x < plan.count; ++x) {
      const size_t i = static_cast<size_t>(x);
      const int32_t* weights = plan.weights.data() + i * static_cast<size_t>(plan.taps);
      const uint8_t* pixel = source.Row(y) + kChannels * (plan.start[i] - source.area.left);
      int32_t sum[kChannels];
      std::fill_n(sum, kChannels, kHalf);
      for (int t = 0; t < plan.length[i]; ++t) {
        for (int c = 0; c < kChannels; ++c) sum[c] += weights[t] * pixel[kChannels * t + c];
      }
      for (int c = 0; c < kChannels; ++c) *intermediate++ = Clip8(sum[c]);
    }
  }
}

void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate, int skipped,
              int columns, uint8_t* out) {
  const AxisPlan& plan = vertical.plan;
  const size_t i = static_cast<size_t>(row);
  const int32_t* weights = plan.weights.data() + i * static_cast<size_t>(plan.taps);
  const uint8_t* top =
      intermediate + IntermediateBytes(plan.start[i] - plan.input_begin() - skipped, columns);
  for (int column = 0; column < columns; ++column) {
    int32_t sum = kHalf;
    for (int t = 0; t < plan.length[i]; ++t) sum += weights[t] * top[t * columns + column];
    out[column] = Clip8(sum);
  }
}

template <int kChannels>
constexpr ResampleKernel Kernel() {
  return {PackNothing, PackNothing, BlockBytes, IntermediateBytes, Horizontal<kChannels>, Vertical};
}

}  // namespace

const ResampleKernels kResamplePortable = {Kernel<1>(), Kernel<3>(), Kernel<4>()};

}  // namespace regcore
