#include "resample/weights_int16_quarters.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/aligned_buffer.h"
#include "resample/weights.h"
#include "resample/weights_int16_pairs.h"

namespace regcore {
namespace {

constexpr int kLanes = 4;
constexpr int kHalfBytes = 16;
constexpr int kColumnBytes = 4;  // in a block of four intermediate rows
constexpr size_t kLaneBytes = 4;
constexpr size_t kVectorBytes = 32;
constexpr uint8_t kZeroByte = 0x80;  // for vpshufb

// Up to four columns.
struct Quarter {
  int first;  // column
  int columns;
  int pixel[kLanes] = {};
  int start[kLanes] = {};  // input pixel of the first tap that is read
  int byte[kLanes] = {};   // the same in bytes, with the channel
  int begin;               // of the bytes of the first pairs of taps
  int end;

  // No lane begins to read later than with pixel `latest`.
  Quarter(const AxisPlan& plan, int channels, int first_column, int most, int latest)
      : first(first_column), columns(std::min(most, channels * plan.count - first_column)) {
    for (int lane = 0; lane < columns; ++lane) {
      const int column = first_column + lane;
      pixel[lane] = column / channels;
      start[lane] = std::min(plan.start[static_cast<size_t>(pixel[lane])], latest);
      byte[lane] = channels * start[lane] + column % channels;
    }
    begin = *std::min_element(byte, byte + columns);
    end = *std::max_element(byte, byte + columns) + channels + 1;
  }
};

// Of so many lanes. At the end of the inputs a quarter begins to read earlier than it needs to, so
// that the last pairs of taps are not too far behind: what comes before has weights of zero.
std::vector<Quarter> QuartersOf(const AxisPlan& plan, int channels, int lanes, int pairs) {
  constexpr int kBehind = 24;  // bytes: with the load's own 32 within kReadSlack
  const int latest = plan.input_end() - 2 * (pairs - 1) + kBehind / channels;
  std::vector<Quarter> quarters;
  for (int column = 0; column < channels * plan.count; column += lanes) {
    quarters.emplace_back(plan, channels, column, lanes, std::max(latest, plan.input_begin()));
  }
  return quarters;
}

// Null for `upper` where a quarter has found no other.
struct Match {
  const Quarter* lower;
  const Quarter* upper;

  // Where the load begins: as late as can be, for no byte before the first pixel may be read.
  int begin() const {
    return upper == nullptr ? lower->begin : std::min(lower->begin, upper->begin - kHalfBytes);
  }

  bool Fits(int first_byte) const {
    return begin() >= first_byte && lower->end <= begin() + kHalfBytes &&
           (upper == nullptr || upper->end <= begin() + 2 * kHalfBytes);
  }
};

// The first quarter behind number `lower` that reads nothing of what that one reads.
size_t FirstBehind(const std::vector<Quarter>& quarters, size_t lower) {
  const int end = quarters[lower].end;
  const auto after = quarters.begin() + static_cast<ptrdiff_t>(lower) + 1;
  const auto found = std::partition_point(
      after, quarters.end(), [end](const Quarter& quarter) { return quarter.begin < end; });
  return static_cast<size_t>(found - quarters.begin());
}

// Each quarter with the first one that fits it, or if they are `adjacent` with the next one.
std::vector<Match> MatchesOf(const std::vector<Quarter>& quarters, bool adjacent, int first_byte) {
  // An enlarged picture has any number of quarters that read the same bytes.
  constexpr size_t kTried = 64;
  std::vector<Match> matches;
  std::vector<bool> taken(quarters.size(), false);
  for (size_t i = 0; i < quarters.size(); ++i) {
    if (taken[i]) continue;
    Match match = {&quarters[i], nullptr};
    const size_t first = adjacent ? i + 1 : FirstBehind(quarters, i);
    const size_t tried = adjacent ? 1 : kTried;
    for (size_t j = first; j < std::min(first + tried, quarters.size()); ++j) {
      if (taken[j] || !Match{&quarters[i], &quarters[j]}.Fits(first_byte)) continue;
      match.upper = &quarters[j];
      taken[j] = true;
      break;
    }
    matches.push_back(match);
  }
  return matches;
}

// Whether all loads are within the quarters' pixels and kReadSlack.
bool AreReadable(const std::vector<Match>& matches, const AxisPlan& plan, int channels, int pairs) {
  const int first_byte = channels * plan.input_begin();
  const int end = channels * plan.input_end() + static_cast<int>(kReadSlack);
  const int further = 2 * channels * (pairs - 1) + 2 * kHalfBytes;
  return std::all_of(matches.begin(), matches.end(), [&](const Match& match) {
    return match.Fits(first_byte) && match.begin() + further <= end;
  });
}

// One half of a vector's bytes and weights, whose load begins at `begin`.
void PackQuarter(const PackedAxis& axis, const Quarter& quarter, int begin, int pairs,
                 uint8_t* out) {
  for (int lane = 0; lane < quarter.columns; ++lane, out += kLaneBytes) {
    const int pixel = quarter.pixel[lane];
    const int before = axis.plan.start[static_cast<size_t>(pixel)] - quarter.start[lane];
    const int byte = quarter.byte[lane] - begin;
    out[0] = static_cast<uint8_t>(byte);
    out[2] = static_cast<uint8_t>(byte + axis.channels);
    out[1] = out[3] = kZeroByte;
    uint8_t* weights = out + kVectorBytes;
    for (int pair = 0; pair < pairs; ++pair) {
      PackPair(axis, pixel, 2 * pair - before, kVectorBytes, weights);
      weights += static_cast<size_t>(axis.parts) * kVectorBytes;
    }
  }
}

}  // namespace

Status PackMatchedQuarters(PackedAxis* axis, bool* packed) {
  const AxisPlan& plan = axis->plan;
  const int channels = axis->channels;
  const int pairs = DivideUp(*std::max_element(plan.length.begin(), plan.length.end()), 2);
  const std::vector<Quarter> quarters = QuartersOf(plan, channels, kLanes, pairs);
  const std::vector<Quarter> pixels = QuartersOf(plan, channels, channels, pairs);
  std::vector<Match> matches = MatchesOf(quarters, false, channels * plan.input_begin());
  // A pixel is stored with a fourth column, which the next one overwrites.
  std::vector<Match> of_pixels = MatchesOf(pixels, true, channels * plan.input_begin());
  if (!AreReadable(matches, plan, channels, pairs) || of_pixels.size() < matches.size()) {
    matches = std::move(of_pixels);
  }
  // More vectors than of pixels are slower than what PackPairColumns has.
  const size_t most = static_cast<size_t>(DivideUp(channels * plan.count, 6)) + 4;
  *packed = matches.size() <= most && AreReadable(matches, plan, channels, pairs);
  if (!*packed) return {};
  ChooseParts(axis);
  axis->shape = kMatchedQuarters;
  axis->blocks = {pairs};
  const size_t vectors = 1 + static_cast<size_t>(axis->parts * pairs);
  const size_t bytes = matches.size() * vectors * kVectorBytes;
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(bytes));
  uint8_t* out = axis->weights.data();
  std::memset(out, 0, bytes);
  for (const Match& match : matches) {
    const int past = channels * plan.count;
    const int upper = match.upper == nullptr ? past : match.upper->first;
    axis->blocks.insert(axis->blocks.end(),
                        {match.begin(), kColumnBytes * match.lower->first, kColumnBytes * upper});
    PackQuarter(*axis, *match.lower, match.begin(), pairs, out);
    if (match.upper != nullptr) {
      PackQuarter(*axis, *match.upper, match.begin() + kHalfBytes, pairs, out + kHalfBytes);
    }
    out += vectors * kVectorBytes;
  }
  return {};
}

}  // namespace regcore
