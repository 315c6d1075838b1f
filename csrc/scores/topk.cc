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
    for (size_t i = 0; i < kFewKeys; ++i) keys[i] = i < count ? keys[i] : kLastKey - i;
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

// Of RowScan::maxima.
struct TopK::Maxima {
  float* of_chunks;
  float* of_segments;
};

// The parts of the scratch memory.
struct TopK::Workspace {
  uint64_t* keys;     // of all scores, or of the candidates
  uint32_t* indices;  // of RowScan::at_least
  Maxima maxima[2];   // of even and of odd rows
  size_t bytes;

  Workspace(uint8_t* memory, size_t classes, size_t segments) {
    size_t offset = 0;
    const auto part = [&](auto** place, size_t count) {
      *place = reinterpret_cast<std::remove_pointer_t<decltype(place)>>(memory + offset);
      offset += RoundUp(count * sizeof(**place));
    };
    part(&keys, std::max(classes, kFewKeys));
    part(&indices, classes);
    for (Maxima& of_row : maxima) {
      part(&of_row.of_chunks, kGroups * ChunksOf(classes));
      part(&of_row.of_segments, kGroups * segments);
    }
    bytes = offset;
  }
};

TopK::TopK(const Scores& scores, size_t k, SimdLevel level)
    : scores_(scores),
      k_(k),
      segments_((k + kPerSegment - 1) / kPerSegment),
      scanned_(kChunk * segments_ <= scores.classes),
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
    const auto write = [&](size_t r, size_t count) {
      OrderFirst(space.keys, count, k_);
      Write<T>(scores_.Row(r), space.keys, values + r * k_ * kBytes, indices + r * k_);
    };
    if (!scanned_) {
      for (size_t r = first; r < last; ++r) write(r, AllKeys<T>(scores_.Row(r), space));
      return;
    }
    // The candidates of a row are looked at while the next row is on its way from memory: branches
    // that depend on scores would otherwise keep the processor from asking for it in time.
    for (size_t r = first; r <= last; ++r) {
      if (r < last) {
        const Maxima& maxima = space.maxima[r % 2];
        scan_->maxima(scores_.Row(r), scores_.classes, segments_, maxima.of_chunks,
                      maxima.of_segments);
      }
      if (r > first) {
        write(r - 1, Candidates<T>(scores_.Row(r - 1), space.maxima[(r - 1) % 2], space));
      }
    }
  });
}

float TopK::Bound(float* of_segments) const {
  if (segments_ == 1) return scan_->kth_largest(of_segments, k_);
  float* kth = of_segments + k_ - 1;
  std::nth_element(of_segments, kth, of_segments + kGroups * segments_, std::greater<>());
  return *kth;
}

template <typename T>
size_t TopK::Candidates(const uint8_t* row, const Maxima& maxima, const Workspace& space) const {
  const auto find = [&](float threshold, size_t limit) {
    return scan_->at_least(row, scores_.classes, maxima.of_chunks, threshold, limit, space.indices);
  };
  size_t count = 0;
  const auto append = [&](size_t found, auto wanted) {
    for (size_t i = 0; i < found; ++i) {
      const uint32_t index = space.indices[i];
      const float score = ValueAt<T>(row, index);
      if (wanted(score)) space.keys[count++] = KeyOfNumber(score, index);
    }
  };
  const auto any = [](float) { return true; };
  const float bound = Bound(maxima.of_segments);
  const size_t many = 2 * k_ + kFewKeys;
  if (const size_t found = find(bound, many); found < many) {
    append(found, any);
  } else {  // ties at the bound, most likely: all above it, and what is equal of the k first
    append(find(bound, k_), [&](float score) { return score == bound; });
    if (bound < kInfinity) append(find(std::nextafter(bound, kInfinity), scores_.classes), any);
  }
  for (size_t i = 0; count < k_; ++i) {  // the row has fewer than k numbers
    if (std::isnan(ValueAt<T>(row, i))) space.keys[count++] = KeyOfNan(i);
  }
  return count;
}

template <typename T>
size_t TopK::AllKeys(const uint8_t* row, const Workspace& space) const {
  for (size_t i = 0; i < scores_.classes; ++i) space.keys[i] = KeyOf(ValueAt<T>(row, i), i);
  return scores_.classes;
}

template <typename T>
void TopK::Write(const uint8_t* row, const uint64_t* keys, uint8_t* values,
                 int64_t* indices) const {
  for (size_t i = 0; i < k_; ++i) {
    const size_t index = IndexOf(keys[i]);
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

}  // namespace regcore
