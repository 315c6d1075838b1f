#include "scores/topk.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>

#include "scores/float_mode.h"

namespace regcore {
namespace {

// Groups for k: at least 2 k.
constexpr size_t kPerSegment = kGroups / 2;

// Up to so many keys are ordered without a branch that depends on them.
constexpr size_t kFewKeys = 8;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

constexpr uint64_t kLastKey = ~uint64_t{0};

// A number and its index as an integer: ascending integers are the order of TopK.
uint64_t KeyOfNumber(float score, size_t index) {
  const uint32_t bits = std::bit_cast<uint32_t>(score + 0.0f);  // -0 + 0 is 0
  const uint32_t positive = ~static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31);
  return uint64_t{bits ^ (positive & 0x7FFFFFFFu)} << 32 | index;
}

uint64_t KeyOfNan(size_t index) { return 0xFFFFFFFFull << 32 | index; }

uint64_t KeyOf(float score, size_t index) {
  return std::isnan(score) ? KeyOfNan(index) : KeyOfNumber(score, index);
}

size_t IndexOf(uint64_t key) { return key & 0xFFFFFFFFu; }

// The k-th largest of kGroups numbers, by counting the larger ones of each.
float KthOfGroups(const float* numbers, size_t k) {
  uint32_t larger[kGroups] = {};
  for (size_t j = 0; j < kGroups; ++j) {
    for (size_t i = 0; i < kGroups; ++i) larger[i] += numbers[j] > numbers[i] ? 1 : 0;
  }
  float kth = kInfinity;
  for (size_t i = 0; i < kGroups; ++i) {
    const float candidate = larger[i] < k ? numbers[i] : kth;
    kth = candidate < kth ? candidate : kth;
  }
  return kth;
}

// Sorts kFewKeys keys by a network of 19 exchanges; tests/kernels/check_topk.cc tries every order.
void OrderFew(uint64_t* keys) {
  uint64_t sorted[kFewKeys];
  std::copy_n(keys, kFewKeys, sorted);
  const auto exchange = [&sorted](size_t i, size_t j) {
    const uint64_t smaller = std::min(sorted[i], sorted[j]);
    sorted[j] = std::max(sorted[i], sorted[j]);
    sorted[i] = smaller;
  };
  exchange(0, 2), exchange(1, 3), exchange(4, 6), exchange(5, 7);
  exchange(0, 4), exchange(1, 5), exchange(2, 6), exchange(3, 7);
  exchange(0, 1), exchange(2, 3), exchange(4, 5), exchange(6, 7);
  exchange(2, 4), exchange(3, 5);
  exchange(1, 4), exchange(3, 6);
  exchange(1, 2), exchange(3, 4), exchange(5, 6);
  std::copy_n(sorted, kFewKeys, keys);
}

// Brings the k smallest of `count` keys to the front, in order.
void OrderFirst(uint64_t* keys, size_t count, size_t k) {
  if (count <= kFewKeys) {
    for (size_t i = count; i < kFewKeys; ++i) keys[i] = kLastKey - i;
    return OrderFew(keys);
  }
  if (k < count) std::nth_element(keys, keys + k, keys + count);
  std::sort(keys, keys + k);
}

size_t RoundUp(size_t bytes) {
  return (bytes + AlignedBuffer::kAlignment - 1) / AlignedBuffer::kAlignment *
         AlignedBuffer::kAlignment;
}

}  // namespace

// The parts of the scratch memory.
struct TopK::Workspace {
  uint64_t* keys;          // of all scores, or of the candidates
  uint64_t* found_scores;  // of RowScan::at_least
  uint64_t* found_chunks;
  float* of_chunks;  // of RowScan::maxima
  float* of_groups;
  size_t bytes;

  Workspace(uint8_t* memory, size_t classes, size_t segments) {
    size_t offset = 0;
    const auto part = [&](auto** place, size_t count) {
      *place = reinterpret_cast<std::remove_pointer_t<decltype(place)>>(memory + offset);
      offset += RoundUp(count * sizeof(**place));
    };
    part(&keys, std::max(classes, kFewKeys));
    part(&found_scores, ChunksOf(classes));
    part(&found_chunks, (ChunksOf(classes) + 63) / 64);
    part(&of_chunks, ChunksOf(classes));
    part(&of_groups, kGroups * segments);
    bytes = offset;
  }
};

TopK::TopK(const Scores& scores, size_t k, SimdLevel level)
    : scores_(scores),
      k_(k),
      segments_((k + kPerSegment - 1) / kPerSegment),
      scan_(&RowScanFor(level, scores.type)) {}

Status TopK::Reserve(AlignedBuffer* scratch) const {
  return scratch->Reserve(Workspace(nullptr, scores_.classes, segments_).bytes);
}

void TopK::Run(size_t first, size_t last, uint8_t* values, int64_t* indices,
               AlignedBuffer* scratch) const {
  const SubnormalsKept mode;
  const Workspace space(scratch->data(), scores_.classes, segments_);
  WithScoreType(scores_.type, [&](auto type) {
    using T = decltype(type);
    constexpr bool kAsFloat = std::is_same_v<T, Bfloat16>;
    constexpr size_t kBytes = kAsFloat ? sizeof(float) : sizeof(typename T::Storage);
    for (size_t r = first; r < last; ++r) {
      RunRow<T>(scores_.Row(r), space, values + r * k_ * kBytes, indices + r * k_);
    }
  });
}

template <typename T>
void TopK::RunRow(const uint8_t* row, const Workspace& space, uint8_t* values,
                  int64_t* indices) const {
  OrderFirst(space.keys, Candidates<T>(row, space), k_);
  for (size_t i = 0; i < k_; ++i) {
    const size_t index = IndexOf(space.keys[i]);
    indices[i] = static_cast<int64_t>(index);
    const auto stored = StoredAt<T>(row, index);
    if constexpr (std::is_same_v<T, Bfloat16>) {
      const float value = T::Value(stored);
      std::memcpy(values + i * sizeof(value), &value, sizeof(value));
    } else {
      std::memcpy(values + i * sizeof(stored), &stored, sizeof(stored));
    }
  }
}

// Writes the keys of at least k scores, the k first in order among them; returns how many.
template <typename T>
size_t TopK::Candidates(const uint8_t* row, const Workspace& space) const {
  const size_t classes = scores_.classes;
  if (kChunk * segments_ > classes) {  // k is large, or the row is short
    for (size_t i = 0; i < classes; ++i) space.keys[i] = KeyOf(ValueAt<T>(row, i), i);
    return classes;
  }
  scan_->maxima(row, classes, segments_, space.of_chunks, space.of_groups);
  float bound;
  if (segments_ == 1) {
    bound = KthOfGroups(space.of_groups, k_);
  } else {
    float* kth = space.of_groups + k_ - 1;
    std::nth_element(space.of_groups, kth, space.of_groups + kGroups * segments_, std::greater<>());
    bound = *kth;
  }
  const auto find = [&](float threshold) {
    scan_->at_least(row, classes, space.of_chunks, threshold, space.found_chunks,
                    space.found_scores);
  };
  find(bound);
  const auto any = [](float) { return true; };
  size_t count = AppendFound<T>(row, space, 0, 2 * k_ + kFewKeys, any);
  if (count == 2 * k_ + kFewKeys) {
    // Ties at the bound, most likely: the first k of them will do, and all above.
    count = AppendFound<T>(row, space, 0, k_, [&](float score) { return score == bound; });
    if (bound < kInfinity) {
      find(std::nextafter(bound, kInfinity));
      count = AppendFound<T>(row, space, count, classes, any);
    }
  }
  for (size_t i = 0; count < k_; ++i) {  // the row has fewer than k numbers
    if (std::isnan(ValueAt<T>(row, i))) space.keys[count++] = KeyOfNan(i);
  }
  return count;
}

// Appends the keys of found scores that are wanted, in ascending order, to `count` others, until
// there are `limit`; returns how many there are.
template <typename T, typename Wanted>
size_t TopK::AppendFound(const uint8_t* row, const Workspace& space, size_t count, size_t limit,
                         const Wanted& wanted) const {
  const size_t chunks = ChunksOf(scores_.classes);
  for (size_t word = 0; 64 * word < chunks; ++word) {
    for (uint64_t found = space.found_chunks[word]; found != 0; found &= found - 1) {
      const size_t chunk = 64 * word + static_cast<size_t>(std::countr_zero(found));
      for (uint64_t bits = space.found_scores[chunk]; bits != 0; bits &= bits - 1) {
        const size_t i = kChunk * chunk + static_cast<size_t>(std::countr_zero(bits));
        const float score = ValueAt<T>(row, i);
        if (!wanted(score)) continue;
        space.keys[count++] = KeyOfNumber(score, i);
        if (count == limit) return count;
      }
    }
  }
  return count;
}

}  // namespace regcore
