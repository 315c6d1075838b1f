#include "resample/weights_int8_digits.h"

#include <cstring>

#include "resample/weights.h"

namespace regcore {
namespace {

constexpr int kLanes = 16;
constexpr size_t kLaneBytes = 4;

// Chooses how the weights of an axis are written.
void ChooseDigits(PackedAxis* axis) {
  const std::vector<int32_t>& weights = axis->plan.weights;
  const int shift = CommonZeroBits(axis->plan);
  const bool two = std::all_of(weights.begin(), weights.end(),
                               [&](int32_t weight) { return Digit(weight >> shift, 2) == 0; });
  axis->parts = two ? 2 : kMaxDigits;
  axis->shift = two ? shift : 0;
}

int32_t ShiftedAt(const PackedAxis& axis, int i, int tap) {
  return WeightAt(axis.plan, i, tap) >> axis.shift;
}

// The words of two taps of 16 bits, from the lowest on a `step` apart: halves, or whole weights.
void PackPair(const PackedAxis& axis, int i, int tap, size_t step, uint8_t* out) {
  const int32_t first = ShiftedAt(axis, i, tap);
  const int32_t second = ShiftedAt(axis, i, tap + 1);
  int32_t words[] = {WordPair(HighHalf(first), HighHalf(second)),
                     WordPair(LowHalf(first), LowHalf(second))};
  if (axis.parts == 2) words[0] = WordPair(first, second);
  for (int word = 0; word < axis.parts - 1; ++word, out += step) {
    std::memcpy(out, &words[word], sizeof(words[word]));
  }
}

// The number of blocks and whether two taps follow.
struct Taps {
  int blocks;
  bool pair;

  // Of the bytes and the weights of a group.
  size_t Vectors(int digits) const {
    return static_cast<size_t>(1 + digits * blocks + (digits - 1) * int{pair});
  }
};

// One lane's weights, a vector apart from each other.
void PackLane(const PackedAxis& axis, int pixel, const Taps& taps, uint8_t* out) {
  for (int block = 0; block < taps.blocks; ++block) {
    for (int b = 0; b < kDigitBlock; ++b) {
      const int32_t weight = ShiftedAt(axis, pixel, kDigitBlock * block + kDigitTapOrder[b]);
      for (int digit = 0; digit < axis.parts; ++digit) {
        out[static_cast<size_t>(digit) * kDigitVector + static_cast<size_t>(b)] =
            Digit(weight, digit);
      }
    }
    out += static_cast<size_t>(axis.parts) * kDigitVector;
  }
  if (taps.pair) PackPair(axis, pixel, kDigitBlock * taps.blocks, kDigitVector, out);
}

// Where a byte of the source lies in two vectors, the other of which begins `second` bytes later.
int ByteInTwo(int byte, int second) {
  constexpr int kBytes = kDigitVector;
  return byte < kBytes ? byte : kBytes + byte - second;
}

// Lanes that are no columns get the weights zero.
void PackGroup(const PackedAxis& axis, const ColumnGroup& group, const Taps& taps, int second,
               uint8_t* out) {
  const size_t vectors = taps.Vectors(axis.parts);
  std::memset(out, 0, vectors * kDigitVector);
  for (int lane = 0; lane < group.used; ++lane, out += kLaneBytes) {
    for (int b = 0; b < kDigitBlock; ++b) {
      const int byte = group.offset[lane] + axis.channels * kDigitTapOrder[b];
      out[b] = static_cast<uint8_t>(ByteInTwo(byte, second));
    }
    uint8_t* weights = out + kDigitVector;
    if (lane == 0 || group.pixel[lane] != group.pixel[lane - 1]) {
      PackLane(axis, group.pixel[lane], taps, weights);
      continue;
    }
    for (size_t v = 1; v < vectors; ++v, weights += kDigitVector) {  // another channel
      std::memcpy(weights, weights - kLaneBytes, kLaneBytes);
    }
  }
}

// Whether all groups may read what the longest window takes. A load may begin as late as the end of
// the inputs: kReadSlack covers it.
bool MayRead(const AxisPlan& plan, const std::vector<ColumnGroup>& groups, int longest) {
  return std::all_of(groups.begin(), groups.end(), [&](const ColumnGroup& group) {
    const int last_step = (longest - 1) / kDigitBlock * kDigitBlock;
    return group.start + last_step <= plan.input_end();
  });
}

Status PackColumns(const std::vector<ColumnGroup>& groups, PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  const int longest = *std::max_element(plan.length.begin(), plan.length.end());
  const bool pair = longest % kDigitBlock == 1 || longest % kDigitBlock == 2;
  const Taps fixed = {pair ? longest / kDigitBlock : DivideUp(longest, kDigitBlock), pair};
  const bool is_short = fixed.blocks <= kMaxShortBlocks && MayRead(plan, groups, longest);
  axis->shape = is_short ? kDigitShort + 2 * fixed.blocks + fixed.pair : kDigitColumns;
  const auto taps_of = [&](const ColumnGroup& group) {
    return is_short ? fixed : Taps{DivideUp(group.longest, kDigitBlock), false};
  };
  size_t vectors = 0;
  for (const ColumnGroup& group : groups) {
    const Taps taps = taps_of(group);
    axis->blocks.insert(axis->blocks.end(), {group.start, taps.blocks});
    vectors += taps.Vectors(axis->parts);
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(vectors * kDigitVector));
  uint8_t* out = axis->weights.data();
  for (const ColumnGroup& group : groups) {
    const Taps taps = taps_of(group);
    PackGroup(*axis, group, taps, static_cast<int>(kDigitVector), out);
    out += taps.Vectors(axis->parts) * kDigitVector;
  }
  return {};
}

// Of what a group's first step reads, the last byte.
int FarthestByte(const ColumnGroup& group, int channels) {
  return *std::max_element(group.offset, group.offset + kLanes) + channels * (kDigitBlock - 1);
}

// Where the second vector of a group begins, in bytes: no step reads more than kReadSlack past the
// end of the inputs.
int SecondVector(const AxisPlan& plan, const ColumnGroup& group, int channels) {
  const int last_step = (group.longest - 1) / kDigitBlock * kDigitBlock;
  const int room = channels * (plan.input_end() - group.start - last_step);
  static_assert(kDigitVector <= kReadSlack);
  return std::min(static_cast<int>(kDigitVector), room);
}

Status PackFarColumns(const std::vector<ColumnGroup>& groups, PackedAxis* axis) {
  axis->shape = kDigitFarColumns;
  const auto taps_of = [](const ColumnGroup& group) {
    return Taps{DivideUp(group.longest, kDigitBlock), false};
  };
  size_t vectors = 0;
  for (const ColumnGroup& group : groups) {
    const Taps taps = taps_of(group);
    const int second = SecondVector(axis->plan, group, axis->channels);
    axis->blocks.insert(axis->blocks.end(), {group.start, taps.blocks, second});
    vectors += taps.Vectors(axis->parts);
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(vectors * kDigitVector));
  uint8_t* out = axis->weights.data();
  for (const ColumnGroup& group : groups) {
    const Taps taps = taps_of(group);
    PackGroup(*axis, group, taps, SecondVector(axis->plan, group, axis->channels), out);
    out += taps.Vectors(axis->parts) * kDigitVector;
  }
  return {};
}

Status PackPixels(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  axis->shape = kDigitPixels;
  size_t vectors = 0;
  for (int length : plan.length) {
    axis->blocks.push_back(DivideUp(length, kWideTaps));
    vectors += static_cast<size_t>(axis->parts * axis->blocks.back());
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(vectors * kDigitVector));
  std::memset(axis->weights.data(), 0, vectors * kDigitVector);
  uint8_t* out = axis->weights.data();
  for (int i = 0; i < plan.count; ++i) {
    for (int step = 0; step < axis->blocks[static_cast<size_t>(i)]; ++step) {
      for (int digit = 0; digit < axis->parts; ++digit, out += kDigitVector) {
        for (int t = 0; t < kWideTaps; ++t) {
          const uint8_t d = Digit(ShiftedAt(*axis, i, kWideTaps * step + t), digit);
          for (int c = 0; c < axis->channels; ++c) out[4 * (t / 4 * 4 + c) + t % 4] = d;
        }
      }
    }
  }
  return {};
}

}  // namespace

Status PackDigitColumns(PackedAxis* axis) {
  ChooseDigits(axis);
  const std::vector<ColumnGroup> groups = ColumnGroups(axis->plan, axis->channels, kLanes);
  // What a group's first step reads must lie in one vector, or in two.
  constexpr int kBytes = kDigitVector;
  const bool near = std::all_of(groups.begin(), groups.end(), [&](const ColumnGroup& group) {
    return FarthestByte(group, axis->channels) < kBytes;
  });
  if (near) return PackColumns(groups, axis);
  const bool far = std::all_of(groups.begin(), groups.end(), [&](const ColumnGroup& group) {
    const int second = SecondVector(axis->plan, group, axis->channels);
    return second >= 0 && ByteInTwo(FarthestByte(group, axis->channels), second) < 2 * kBytes;
  });
  return far ? PackFarColumns(groups, axis) : PackPixels(axis);
}

Status PackDigitRows(PackedAxis* axis) {
  ChooseDigits(axis);
  const AxisPlan& plan = axis->plan;
  int words = 0;
  for (int i = 0; i < plan.count; ++i) {
    const int begin = plan.start[static_cast<size_t>(i)] - plan.input_begin();
    const int last = begin + plan.length[static_cast<size_t>(i)] - 1;
    const int half = last % kDigitBlock < 2;
    const int whole = last / kDigitBlock + 1 - half - begin / kDigitBlock;
    axis->blocks.insert(axis->blocks.end(), {begin / kDigitBlock, whole, half, words});
    words += axis->parts * whole + (axis->parts - 1) * half;
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(static_cast<size_t>(words) * sizeof(int32_t)));
  auto* out = reinterpret_cast<int32_t*>(axis->weights.data());
  for (int i = 0; i < plan.count; ++i) {
    const DigitWindow window = DigitWindow::Of(*axis, i);
    int tap = kDigitBlock * window.first -
              (plan.start[static_cast<size_t>(i)] - plan.input_begin());  // of row 0
    for (int block = 0; block < window.whole; ++block, tap += kDigitBlock) {
      for (int digit = 0; digit < axis->parts; ++digit, ++out) {
        uint8_t bytes[kDigitBlock];
        for (int b = 0; b < kDigitBlock; ++b) {
          bytes[b] = Digit(ShiftedAt(*axis, i, tap + kDigitTapOrder[b]), digit);
        }
        std::memcpy(out, bytes, sizeof(bytes));
      }
    }
    if (window.half == 0) continue;
    PackPair(*axis, i, tap, sizeof(int32_t), reinterpret_cast<uint8_t*>(out));
    out += axis->parts - 1;
  }
  return {};
}

}  // namespace regcore
