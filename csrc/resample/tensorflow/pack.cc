#include "resample/tensorflow/pack.h"

#include <algorithm>

namespace regcore {

Status PackGroups(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  const size_t taps = static_cast<size_t>(plan.taps);
  const size_t padded = static_cast<size_t>(RoundUp(plan.count, kGroup));
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(padded * taps * 4 * sizeof(float)));
  float* const weights = reinterpret_cast<float*>(axis->weights.data());
  axis->shape = *std::max_element(plan.length.begin(), plan.length.end());
  axis->blocks.resize(padded);
  for (size_t i = 0; i < padded; ++i) {
    const size_t output = std::min(i, plan.start.size() - 1);
    axis->blocks[i] = 3 * (plan.start[output] - plan.input_begin());
    float* const group = weights + i / kGroup * kGroup * taps * 4;
    for (size_t t = 0; t < taps; ++t) {
      std::fill_n(group + (t * kGroup + i % kGroup) * 4, 4, plan.float_weights[output * taps + t]);
    }
  }
  return {};
}

Status PackTiles(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  axis->shape = *std::max_element(plan.length.begin(), plan.length.end());
  axis->blocks.clear();
  if (axis->shape > kTilePixels) return {};
  int begin = 0;
  for (int i = 0; i < plan.count; ++i) {
    const size_t output = static_cast<size_t>(i);
    if (i > 0 && plan.start[output] + axis->shape - begin <= kTilePixels) continue;
    axis->blocks.push_back(i);
    begin = plan.start[output];
  }
  axis->blocks.push_back(plan.count);
  return {};
}

}  // namespace regcore
