#include "resample/weights_int16_pairs.h"

#include <cstring>

#include "resample/weights.h"

namespace regcore {
namespace {

constexpr int kQuarterLanes = 4;
constexpr int kQuarterBytes = 16;
constexpr size_t kLaneBytes = 4;
constexpr int kGatherBytes = 64;
constexpr uint8_t kZeroByte = 0x80;  // for vpshufb

struct Quarter {
  int pixel;  // where it begins to read, if it reads for itself
  int begin;  // the same in bytes from the group's first pixel, or where it is gathered from
  bool fits;  // whether it finds its lanes' first pairs of taps in one load

  Quarter(const ColumnGroup& group, int channels, int first_lane, bool gathers)
      : pixel(group.pixel[first_lane]) {
    const int* offset = group.offset + first_lane;
    const auto [nearest, farthest] = std::minmax_element(offset, offset + kQuarterLanes);
    // Gathered are whole lanes of the source; a pixel begins with its first channel.
    begin = gathers ? *nearest / 4 * 4 : offset[0] / channels * channels;
    fits = *farthest + channels < begin + kQuarterBytes && begin + kQuarterBytes <= kGatherBytes;
  }
};

// Lanes that are no columns get the weights zero.
void PackGroup(const PackedAxis& axis, const ColumnGroup& group, int lanes, int pairs, bool gathers,
               uint8_t* out) {
  const int channels = axis.channels;
  const size_t vector = kLaneBytes * static_cast<size_t>(lanes);
  const size_t of_pair = static_cast<size_t>(axis.parts) * vector;
  std::memset(out, 0, static_cast<size_t>(pairs) * of_pair + (gathers ? 2 : 1) * vector);
  uint8_t* bytes = out + (gathers ? vector : 0);
  for (int first_lane = 0; first_lane < group.used; first_lane += kQuarterLanes) {
    const Quarter quarter(group, channels, first_lane, gathers);
    for (int lane = first_lane; gathers && lane < first_lane + kQuarterLanes; ++lane) {
      const int32_t from = quarter.begin / 4 + lane - first_lane;
      std::memcpy(out + 4 * lane, &from, sizeof(from));
    }
    const int end = std::min(first_lane + kQuarterLanes, group.used);
    for (int lane = first_lane; lane < end; ++lane, bytes += kLaneBytes) {
      const int byte = group.offset[lane] - quarter.begin;
      bytes[0] = static_cast<uint8_t>(byte);
      bytes[2] = static_cast<uint8_t>(byte + channels);
      bytes[1] = bytes[3] = kZeroByte;
      uint8_t* weights = bytes + vector;
      if (lane == 0 || group.pixel[lane] != group.pixel[lane - 1]) {
        for (int pair = 0; pair < pairs; ++pair, weights += of_pair) {
          PackPair(axis, group.pixel[lane], 2 * pair, vector, weights);
        }
        continue;
      }
      for (int v = 0; v < axis.parts * pairs;
           ++v, weights += vector) {  // another channel of that pixel
        std::memcpy(weights, weights - kLaneBytes, kLaneBytes);
      }
    }
  }
}

// The number of pairs that all groups may take, or 0. A load beyond a group's own taps may begin as
// late as the end of the inputs: kReadSlack covers it.
int FixedPairs(const AxisPlan& plan, const std::vector<ColumnGroup>& groups, int lanes) {
  const int pairs = DivideUp(*std::max_element(plan.length.begin(), plan.length.end()), 2);
  const bool readable = std::all_of(groups.begin(), groups.end(), [&](const ColumnGroup& group) {
    const int last_start = plan.start[static_cast<size_t>(group.pixel[lanes - 1])];
    return last_start + 2 * (pairs - 1) <= plan.input_end();
  });
  return readable && pairs <= kMaxFixedPairs ? pairs : 0;
}

Status PackPixels(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  axis->shape = kPairPixels;
  size_t words = 0;
  for (int length : plan.length) {
    axis->blocks.push_back(DivideUp(length, 2));
    words += static_cast<size_t>(axis->parts * axis->blocks.back());
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(words * kLaneBytes));
  uint8_t* out = axis->weights.data();
  for (int i = 0; i < plan.count; ++i) {
    for (int t = 0; t < plan.length[static_cast<size_t>(i)]; t += 2) {
      PackPair(*axis, i, t, kLaneBytes, out);
      out += static_cast<size_t>(axis->parts) * kLaneBytes;
    }
  }
  return {};
}

}  // namespace

void ChooseParts(PackedAxis* axis) {
  const std::vector<int32_t>& weights = axis->plan.weights;
  const int shift = CommonZeroBits(axis->plan);
  const bool whole = std::all_of(weights.begin(), weights.end(), [&](int32_t weight) {
    return weight >> shift == static_cast<int16_t>(weight >> shift);
  });
  axis->parts = whole ? 1 : 2;
  axis->shift = whole ? shift : 0;
}

void PackPair(const PackedAxis& axis, int i, int tap, size_t step, uint8_t* out) {
  const int32_t first = WeightAt(axis.plan, i, tap) >> axis.shift;
  const int32_t second = WeightAt(axis.plan, i, tap + 1) >> axis.shift;
  int32_t words[] = {WordPair(HighHalf(first), HighHalf(second)),
                     WordPair(LowHalf(first), LowHalf(second))};
  if (axis.parts == 1) words[0] = WordPair(first, second);
  for (int part = 0; part < axis.parts; ++part, out += step) {
    std::memcpy(out, &words[part], sizeof(words[part]));
  }
}

Status PackPairColumns(int lanes, bool gathers, PackedAxis* axis) {
  ChooseParts(axis);
  const AxisPlan& plan = axis->plan;
  const std::vector<ColumnGroup> groups = ColumnGroups(plan, axis->channels, lanes);
  const size_t vector = kLaneBytes * static_cast<size_t>(lanes);
  const size_t fixed = gathers ? 2 : 1;  // vectors that are not weights
  for (const ColumnGroup& group : groups) {
    for (int lane = 0; lane < lanes; lane += kQuarterLanes) {
      if (!Quarter(group, axis->channels, lane, gathers).fits) return PackPixels(axis);
    }
  }
  const int fixed_pairs = FixedPairs(plan, groups, lanes);
  axis->shape = kPairColumns + fixed_pairs;
  size_t vectors = 0;
  for (const ColumnGroup& group : groups) {
    for (int lane = 0; lane < lanes; lane += kQuarterLanes) {
      axis->blocks.push_back(plan.start[static_cast<size_t>(group.pixel[lane])]);
    }
    const int pairs = fixed_pairs > 0 ? fixed_pairs : DivideUp(group.longest, 2);
    axis->blocks.push_back(pairs);
    vectors += fixed + static_cast<size_t>(axis->parts * pairs);
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(vectors * vector));
  uint8_t* out = axis->weights.data();
  const size_t ints = static_cast<size_t>(lanes / kQuarterLanes + 1);
  for (size_t g = 0; g < groups.size(); ++g) {
    const int pairs = axis->blocks[ints * (g + 1) - 1];
    PackGroup(*axis, groups[g], lanes, pairs, gathers, out);
    out += (fixed + static_cast<size_t>(axis->parts * pairs)) * vector;
  }
  return {};
}

Status PackPairRows(PackedAxis* axis) {
  ChooseParts(axis);
  const AxisPlan& plan = axis->plan;
  int words = 0;
  for (int i = 0; i < plan.count; ++i) {
    const int begin = plan.start[static_cast<size_t>(i)] - plan.input_begin();
    const int last = begin + plan.length[static_cast<size_t>(i)] - 1;
    const int second_pair = begin % kPairBlockRows >= 2;
    const int first_pair = last % kPairBlockRows < 2;
    const int first = begin / kPairBlockRows;
    const int whole = last / kPairBlockRows + 1 - first - second_pair - first_pair;
    axis->blocks.insert(axis->blocks.end(), {first, second_pair, whole, first_pair, words});
    words += axis->parts * (second_pair + 2 * whole + first_pair);
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(static_cast<size_t>(words) * kLaneBytes));
  uint8_t* out = axis->weights.data();
  for (int i = 0; i < plan.count; ++i) {
    const PairWindow window = PairWindow::Of(*axis, i);
    const int pairs = window.second_pair + 2 * window.whole + window.first_pair;
    const int start = plan.start[static_cast<size_t>(i)] - plan.input_begin();
    int tap = kPairBlockRows * window.first + 2 * window.second_pair - start;
    for (int pair = 0; pair < pairs; ++pair, tap += 2) {
      PackPair(*axis, i, tap, kLaneBytes, out);
      out += static_cast<size_t>(axis->parts) * kLaneBytes;
    }
  }
  return {};
}

}  // namespace regcore
