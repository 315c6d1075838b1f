#include "resample/weights_neon_dot.h"

#include <cstring>

#include "resample/weights.h"

namespace regcore {
namespace {

constexpr int32_t kHalf = 1 << (kWeightBits - 1);

// One half, and 128 times the sum of the weights, because pixels go in less 128.
int32_t Beginning(const AxisPlan& plan, int i) {
  uint32_t sum = 0;
  for (int t = 0; t < plan.length[static_cast<size_t>(i)]; ++t) {
    sum += static_cast<uint32_t>(WeightAt(plan, i, t));
  }
  return static_cast<int32_t>(kHalf + 128 * sum);
}

// What one load of sixteen bytes serves: in each lane up to four taps of its window.
struct LoadPlan {
  int pixel;  // whose first byte is the first one loaded
  uint8_t vectors[1 + kDotDigits][kDotVector] =
      {};  // bytes to take, and a digit of each one's weight
};

// Each load begins with the first tap that any lane still lacks.
std::vector<LoadPlan> LoadsOf(const AxisPlan& plan, const ColumnGroup& group) {
  std::vector<LoadPlan> loads;
  int done[kDotLanes] = {};  // taps
  const auto window = [&](int lane) { return static_cast<size_t>(group.pixel[lane]); };
  for (;;) {
    LoadPlan load = {plan.input_size};
    for (int lane = 0; lane < group.used; ++lane) {
      if (done[lane] == plan.length[window(lane)]) continue;
      load.pixel = std::min(load.pixel, plan.start[window(lane)] + done[lane]);
    }
    if (load.pixel == plan.input_size) return loads;
    std::memset(load.vectors[0], kDotNoByte, kDotVector);
    for (int lane = 0; lane < group.used; ++lane) {
      for (int b = 0; b < kDotBlock && done[lane] < plan.length[window(lane)]; ++b, ++done[lane]) {
        const int byte = group.offset[lane] + 3 * (group.start + done[lane] - load.pixel);
        if (byte >= kDotVector) break;
        load.vectors[0][kDotBlock * lane + b] = static_cast<uint8_t>(byte);
        const int32_t weight = WeightAt(plan, group.pixel[lane], done[lane]);
        for (int digit = 0; digit < kDotDigits; ++digit) {
          load.vectors[1 + digit][kDotBlock * lane + b] = Digit(weight, digit);
        }
      }
    }
    loads.push_back(load);
  }
}

}  // namespace

Status PackDotColumns(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  const std::vector<ColumnGroup> groups = ColumnGroups(plan, 3, kDotLanes);
  std::vector<std::vector<LoadPlan>> loads;
  size_t bytes = 0;
  for (const ColumnGroup& group : groups) {
    loads.push_back(LoadsOf(plan, group));
    bytes += kDotVector + loads.back().size() * sizeof(LoadPlan::vectors);
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(bytes));
  uint8_t* out = axis->weights.data();
  for (size_t g = 0; g < groups.size(); ++g) {
    axis->blocks.push_back(static_cast<int32_t>(loads[g].size()));
    for (int lane = 0; lane < kDotLanes; ++lane, out += sizeof(int32_t)) {
      const int32_t beginning = Beginning(plan, groups[g].pixel[lane]);
      std::memcpy(out, &beginning, sizeof(beginning));
    }
    for (const LoadPlan& load : loads[g]) {
      axis->blocks.push_back(load.pixel);
      std::memcpy(out, load.vectors, sizeof(load.vectors));
      out += sizeof(load.vectors);
    }
  }
  return {};
}

Status PackDotRows(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  int words = 0;
  for (size_t i = 0; i < static_cast<size_t>(plan.count); ++i) {
    const int begin = plan.start[i] - plan.input_begin();
    const int first = begin / kDotBlock;
    const int blocks = DivideUp(begin + plan.length[i], kDotBlock) - first;
    axis->blocks.insert(axis->blocks.end(), {first, blocks, words});
    words += 1 + 4 * blocks;
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(static_cast<size_t>(words) * sizeof(int32_t)));
  std::memset(axis->weights.data(), 0, static_cast<size_t>(words) * sizeof(int32_t));
  for (int i = 0; i < plan.count; ++i) {
    const DotWindow window = DotWindow::Of(*axis, i);
    uint8_t* out = axis->weights.data() + sizeof(int32_t) * static_cast<size_t>(window.weights);
    const int32_t beginning = Beginning(plan, i);
    std::memcpy(out, &beginning, sizeof(beginning));
    out += sizeof(beginning);
    const int start = plan.start[static_cast<size_t>(i)] - plan.input_begin();
    for (int block = window.first; block < window.first + window.blocks;
         ++block, out += kDotVector) {
      for (int row = 0; row < kDotBlock; ++row) {
        const int32_t weight = WeightAt(plan, i, kDotBlock * block + row - start);
        for (int digit = 0; digit < kDotDigits; ++digit) {
          out[kDotBlock * digit + row] = Digit(weight, digit);
        }
      }
    }
  }
  return {};
}

}  // namespace regcore
