#include "scores/topk.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>

#include "base/subnormals.h"
#include "scores/row_search/sort_key-inl.h"

namespace regcore {
namespace {

constexpr size_t kPerSegment = kGroups / 2;  // of k

// While the candidates of a row are found, those of the row before are put in order, and the maxima
// of the second row after it are found: so each step has what it needs before its turn comes, and
// the processor does not wait from one to the next.
constexpr size_t kRowsAhead = 2;
constexpr size_t kRowsInWork = 1 + 1 + kRowsAhead;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

uint64_t KeyOf(float score, size_t index) {
  return std::isnan(score) ? KeyOfNan(index) : KeyOfNumber(score, index);
}

// With more than this it is faster to count what comes before each than to sort them: every second
// branch of a sort is mispredicted.
constexpr size_t kCounted = 48;

// Reorders its argument.
float KthLargest(float* numbers, size_t count, size_t k) {
  if (count > kCounted) {
    std::nth_element(numbers, numbers + k - 1, numbers + count, std::greater<>());
    return numbers[k - 1];
  }
  float kth = kInfinity;
  for (size_t i = 0; i < count; ++i) {
    int32_t larger = 0;
    for (size_t j = 0; j < count; ++j) larger += numbers[j] > numbers[i];
    if (larger < static_cast<int32_t>(k)) kth = std::min(kth, numbers[i]);
  }
  return kth;
}

// Brings the k smallest of `count` keys, all different, to the front, in order.
void OrderFirst(uint64_t* keys, size_t count, size_t k) {
  if (count <= kCounted) {
    uint64_t ordered[kCounted];
    for (size_t i = 0; i < count; ++i) {
      size_t before = 0;
      for (size_t j = 0; j < count; ++j) before += keys[j] < keys[i];
      ordered[before] = keys[i];
    }
    std::copy_n(ordered, k, keys);
    return;
  }
  if (k < count) std::nth_element(keys, keys + k, keys + count);
  std::sort(keys, keys + k);
}

// Segments that have twice as many groups as k: not many more scores than k then reach the k-th
// largest of the groups' maxima. For eight they are still many, so that two are quicker, but for
// rows so wide that their maxima are what takes time.
size_t SegmentsFor(size_t k, size_t classes) {
  const bool has_two =
      k == kSmallK && classes >= 2 * kChunk && ChunksOf(classes) <= kSmallKChunks / 2;
  return has_two ? 2 : (k + kPerSegment - 1) / kPerSegment;
}

size_t RoundUp(size_t bytes) {
  return (bytes + AlignedBuffer::kAlignment - 1) / AlignedBuffer::kAlignment *
         AlignedBuffer::kAlignment;
}

}  // namespace

// The parts of the scratch memory.
struct TopK::Workspace {
  uint64_t* keys;     // of all scores, or of the candidates
  uint32_t* indices;  // of ScoreKernels::at_least
  uint32_t* few[2];   // of ScoreKernels::find_few, of even and of odd rows
  Maxima maxima[kRowsInWork];
  size_t bytes;

  Workspace(uint8_t* memory, size_t classes, size_t segments) {
    const auto begin = reinterpret_cast<uintptr_t>(memory);  // null where only `bytes` is asked for
    size_t offset = 0;
    const auto part = [&](auto** place, size_t count) {
      *place = reinterpret_cast<std::remove_pointer_t<decltype(place)>>(begin + offset);
      offset += RoundUp(count * sizeof(**place));
    };
    part(&keys, classes);
    part(&indices, classes);
    for (uint32_t*& of_row : few) part(&of_row, classes + kMediumK);
    for (Maxima& of_row : maxima) {
      part(&of_row.of_chunks, kGroups * ChunksOf(classes));
      part(&of_row.of_segments, kGroups * segments);
      uint8_t* of_slots = nullptr;
      part(&of_slots, kSlotBytes);
      of_row.of_slots = of_slots;
      part(&of_row.bound, 1);
    }
    bytes = offset;
  }
};

TopK::TopK(const Scores& scores, size_t k, SimdLevel level)
    : scores_(scores),
      k_(k),
      kernels_(&ScoreKernelsFor(level, scores.type)),
      segments_(SegmentsFor(k, scores.classes)),
      scanned_(kChunk * segments_ <= scores.classes),
      few_(scanned_ && segments_ <= 2 && ChunksOf(scores.classes) <= kSmallKChunks) {}

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
    const auto write = [&](size_t r) {
      Write<T>(scores_.Row(r), space.keys, values + r * k_ * kBytes, indices + r * k_);
    };
    if (!scanned_) {
      for (size_t r = first; r < last; ++r) {
        AllKeys<T>(scores_.Row(r), space);
        write(r);
      }
      return;
    }
    Search<T>(first, last, space, write);
  });
}

template <typename T, typename WriteRow>
void TopK::Search(size_t first, size_t last, const Workspace& space, const WriteRow& write) const {
  const ptrdiff_t prefetch = scores_.PrefetchDistance();
  const auto searched = [&](size_t r) {
    const Maxima& maxima = space.maxima[r % kRowsInWork];
    return r < last ? SearchedRow{scores_.Row(r), prefetch, maxima} : SearchedRow{};
  };
  const size_t ahead = few_ ? kRowsAhead : 1, behind = few_ ? 1 : 0;
  for (size_t r = first; r < std::min(first + ahead, last); ++r) {
    const SearchedRow row = searched(r);
    kernels_->maxima(row, scores_.classes, segments_);
    *row.maxima.bound = Bound(row.maxima.of_segments);
  }
  size_t counts[2] = {};
  for (size_t r = first; r < last + behind; ++r) {
    if (r < last) counts[r % 2] = FindFew(searched(r), searched(r + ahead), space.few[r % 2]);
    if (r < first + behind) continue;
    const size_t before = r - behind, count = counts[before % 2];
    if (k_ <= count && count <= kMediumK) {
      kernels_->order_few(scores_.Row(before), space.few[before % 2], count, space.keys);
    } else {
      OrderFirst(space.keys, Candidates<T>(searched(before), space), k_);
    }
    write(before);
  }
}

// The candidates of a row are looked at while a later row is on its way from memory: branches that
// depend on scores would otherwise keep the processor from asking for it in time.
size_t TopK::FindFew(const SearchedRow& row, const SearchedRow& later, uint32_t* indices) const {
  if (few_) return kernels_->find_few(row, later, scores_.classes, k_, segments_, indices);
  if (later.scores != nullptr) kernels_->maxima(later, scores_.classes, segments_);
  return 0;
}

float TopK::Bound(float* of_segments) const {
  if (segments_ == 1) return kernels_->kth_largest(of_segments, k_);
  return KthLargest(of_segments, kGroups * segments_, k_);
}

template <typename T>
size_t TopK::Candidates(const SearchedRow& row, const Workspace& space) const {
  const auto find = [&](float threshold, size_t limit) {
    return kernels_->at_least(row, scores_.classes, threshold, limit, space.indices);
  };
  size_t count = 0;
  const auto append = [&](size_t found, auto wanted) {
    for (size_t i = 0; i < found; ++i) {
      const uint32_t index = space.indices[i];
      const float score = ValueAt<T>(row.scores, index);
      if (wanted(score)) space.keys[count++] = KeyOfNumber(score, index);
    }
  };
  const auto any = [](float) { return true; };
  const float bound = Bound(row.maxima.of_segments);
  const size_t many = 2 * k_ + kSmallK;
  if (const size_t found = find(bound, many); found < many) {
    append(found, any);
  } else {  // ties at the bound, most likely: all above it, and what is equal of the k first
    append(find(bound, k_), [&](float score) { return score == bound; });
    if (bound < kInfinity) append(find(std::nextafter(bound, kInfinity), scores_.classes), any);
  }
  for (size_t i = 0; count < k_; ++i) {  // the row has fewer than k numbers
    if (std::isnan(ValueAt<T>(row.scores, i))) space.keys[count++] = KeyOfNan(i);
  }
  return count;
}

template <typename T>
void TopK::AllKeys(const uint8_t* row, const Workspace& space) const {
  for (size_t i = 0; i < scores_.classes; ++i) space.keys[i] = KeyOf(ValueAt<T>(row, i), i);
  OrderFirst(space.keys, scores_.classes, k_);
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
