#include "resample/opencv/packed_columns.h"

#include <algorithm>
#include <cstring>

#include "resample/weights.h"

namespace regcore {
namespace {

constexpr int kQuarter = 4;
constexpr int kNearBytes = 16;
constexpr int kPairBytes = 6;  // of one pixel's two taps
constexpr int kGroupBytes = 64;
constexpr uint8_t kNoByte = 0x80;

// A column, and the lane that has it.
struct Lane {
  size_t pixel;  // of the plan
  int channel;
  size_t quarter;  // its first pixel, of the plan

  Lane(const AxisPlan& plan, int column)
      : pixel(Clamped(plan, column / 3)),
        channel(column % 3),
        quarter(Clamped(plan, column / kQuarter * kQuarter / 3)) {}

 private:
  static size_t Clamped(const AxisPlan& plan, int pixel) {
    return static_cast<size_t>(std::min(pixel, plan.count - 1));
  }
};

GroupShape QuartersOf(const AxisPlan& plan) {
  for (size_t i = 1; i < plan.start.size(); ++i) {
    if (3 * (plan.start[i] - plan.start[i - 1]) + kPairBytes > kNearBytes) return kFarQuarters;
  }
  return kNearQuarters;
}

class Packer {
 public:
  Packer(int lanes, bool gathers, PackedAxis* axis)
      : lanes_(lanes),
        groups_(2 * DivideUp(3 * axis->plan.count, 2 * lanes)),
        plan_(axis->plan),
        axis_(axis) {
    axis->shape = gathers && GroupsAreNear() ? kNearGroups : QuartersOf(plan_);
  }

  // Of the windows in the group, in pairs of taps.
  int Pairs(int group) const {
    int longest = 0;
    for (int lane = 0; lane < lanes_; ++lane) {
      longest = std::max(longest, plan_.length[LaneOf(group, lane).pixel]);
    }
    return DivideUp(longest, 2);
  }

  // Room for `fixed` vectors in each group, and `of_pair` for each pair.
  Status Reserve(int fixed, int of_pair) {
    int vectors = 0;
    for (int group = 0; group < groups_; ++group) vectors += fixed + of_pair * Pairs(group);
    REGCORE_RETURN_IF_ERROR(
        axis_->weights.Reserve(static_cast<size_t>(vectors) * 4 * static_cast<size_t>(lanes_)));
    next_ = axis_->weights.data();
    return {};
  }

  void Places(int group) {
    axis_->blocks.push_back(Pairs(group));
    if (axis_->shape == kNearGroups) {
      axis_->blocks.push_back(3 * plan_.start[LaneOf(group, 0).pixel]);
      return;
    }
    for (int lane = 0; lane < lanes_; lane += kQuarter) {
      const size_t pixel = LaneOf(group, lane).quarter;
      axis_->blocks.push_back(3 * plan_.start[pixel]);
      if (axis_->shape == kNearQuarters) continue;
      const size_t other = std::min(pixel + 1, plan_.start.size() - 1);
      axis_->blocks.push_back(3 * plan_.start[other]);
    }
  }

  // Of a tap of the lane's pixel, among those that its quarter or group reads.
  uint8_t Byte(int group, int lane, int tap) const {
    const Lane at = LaneOf(group, lane);
    return static_cast<uint8_t>(Apart(group, lane) + at.channel + 3 * tap);
  }

  template <typename T>
  T Weight(const std::vector<T>& weights, int group, int lane, int tap) const {
    const Lane at = LaneOf(group, lane);
    if (tap >= plan_.length[at.pixel]) return 0;
    return weights[at.pixel * static_cast<size_t>(plan_.taps) + static_cast<size_t>(tap)];
  }

  // The next vector; value(lane) is what is in each.
  template <typename Value>
  void Vector(const Value& value) {
    for (int lane = 0; lane < lanes_; ++lane, next_ += 4) {
      const auto number = value(lane);
      static_assert(sizeof(number) == 4);
      std::memcpy(next_, &number, 4);
    }
  }

  int groups() const { return groups_; }

 private:
  // From where the lane's quarter or group begins to read to its pixel, in bytes.
  int Apart(int group, int lane) const {
    const Lane at = LaneOf(group, lane);
    if (axis_->shape == kFarQuarters) return at.pixel == at.quarter ? 0 : kNearBytes / 2;
    const size_t from = axis_->shape == kNearGroups ? LaneOf(group, 0).pixel : at.quarter;
    return 3 * (plan_.start[at.pixel] - plan_.start[from]);
  }

  bool GroupsAreNear() const {
    for (int group = 0; group < groups_; ++group) {
      const size_t first = LaneOf(group, 0).pixel;
      const size_t last = LaneOf(group, lanes_ - 1).pixel;
      if (3 * (plan_.start[last] - plan_.start[first]) + kPairBytes > kGroupBytes) return false;
    }
    return true;
  }

  Lane LaneOf(int group, int lane) const { return Lane(plan_, group * lanes_ + lane); }

  const int lanes_;
  const int groups_;
  const AxisPlan& plan_;
  PackedAxis* const axis_;
  uint8_t* next_ = nullptr;
};

uint32_t Bytes(uint8_t first, uint8_t third) {
  return first | uint32_t{kNoByte} << 8 | uint32_t{third} << 16 | uint32_t{kNoByte} << 24;
}

}  // namespace

Status PackIntegerColumns(int lanes, bool gathers, PackedAxis* axis) {
  Packer packer(lanes, gathers, axis);
  REGCORE_RETURN_IF_ERROR(packer.Reserve(1, 1));
  for (int group = 0; group < packer.groups(); ++group) {
    packer.Places(group);
    packer.Vector(
        [&](int lane) { return Bytes(packer.Byte(group, lane, 0), packer.Byte(group, lane, 1)); });
    for (int pair = 0; pair < packer.Pairs(group); ++pair) {
      packer.Vector([&](int lane) {
        const auto weight = [&](int tap) {
          return packer.Weight(axis->plan.weights, group, lane, 2 * pair + tap);
        };
        return WordPair(weight(0), weight(1));
      });
    }
  }
  return {};
}

Status PackFloatColumns(int lanes, bool gathers, PackedAxis* axis) {
  Packer packer(lanes, gathers, axis);
  REGCORE_RETURN_IF_ERROR(packer.Reserve(2, 2));
  for (int group = 0; group < packer.groups(); ++group) {
    packer.Places(group);
    for (int tap : {0, 1}) {
      packer.Vector([&](int lane) { return Bytes(packer.Byte(group, lane, tap), kNoByte); });
    }
    for (int tap = 0; tap < 2 * packer.Pairs(group); ++tap) {
      packer.Vector(
          [&](int lane) { return packer.Weight(axis->plan.float_weights, group, lane, tap); });
    }
  }
  return {};
}

}  // namespace regcore
