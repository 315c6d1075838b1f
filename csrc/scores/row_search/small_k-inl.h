// ScoreKernels::small_k of a vector kernel, after kernels-inl.h.
//
// How many groups reach the bound, and how many scores in each, cannot be foretold; so nothing here
// branches on it, unless there are more than usual.
#pragma once

#include "scores/row_search/group_maxima-inl.h"
#include "scores/row_search/kernels.h"
#include "scores/row_search/sort_key-inl.h"

namespace regcore {
namespace {

constexpr size_t kPlaces = kChunk / kGroups;
constexpr size_t kChunksPerWord = 64 / kGroups;

// The groups of a row in which candidates are: of group g of chunk c, kGroups * c + g.
struct CandidateGroups {
  static constexpr size_t kUsual = 4;  // in one word

  uint16_t group[kSmallK + 64] = {};
  size_t count = 0;

  // Those of word w are 64 * w + the bits that are set.
  void Add(size_t word, uint64_t bits) {
    const auto group_of = [&](uint64_t left) {
      return static_cast<uint16_t>(64 * word + static_cast<size_t>(__builtin_ctzll(left)));
    };
    uint16_t* next = group + count;
    count += static_cast<size_t>(__builtin_popcountll(bits));
    for (size_t i = 0; i < kUsual; ++i, bits &= bits - 1) *next++ = group_of(bits | 1ull << 63);
    for (; bits != 0; bits &= bits - 1) *next++ = group_of(bits);
  }
};

// Word w: bit i is group 64 * w + i of the row, which has a score >= threshold.
inline uint64_t GroupsAtLeast(const float* of_chunks, size_t chunks, size_t word, Lanes threshold) {
  uint64_t found = 0;
  for (size_t i = 0; i < kChunksPerWord && kChunksPerWord * word + i < chunks; ++i) {
    const Lanes maxima = LanesOf(of_chunks + kGroups * (kChunksPerWord * word + i));
    found |= uint64_t{maxima.AtLeast(threshold)} << kGroups * i;
  }
  return found;
}

// The scores of few groups: at place p those of index first[i] + kGroups * p, and T::kLowest where
// there is no such index. (A bound that the lowest reaches, all groups reach: they are not few.)
template <typename T>
struct SmallKGroups {
  static constexpr size_t kScores = kPlaces * kSmallK;
  static_assert(kScores == 2 * kBlock);

  uint32_t first[kSmallK];
  typename T::Storage scores[kScores];  // of place p at kSmallK * p

  SmallKGroups(const uint8_t* row, size_t classes, const CandidateGroups& found) {
    for (size_t i = 0; i < kSmallK; ++i) {
      const size_t group = found.group[i];
      const size_t begin = i < found.count ? group / kGroups * kChunk + group % kGroups : classes;
      first[i] = static_cast<uint32_t>(begin);
      for (size_t place = 0; place < kPlaces; ++place) {
        const size_t index = begin + kGroups * place;
        scores[kSmallK * place + i] = index < classes ? StoredAt<T>(row, index) : T::kLowest;
      }
    }
  }

  // As bits, those scores that are >= threshold.
  uint32_t AtLeast(Lanes threshold) const {
    const uint8_t* all = reinterpret_cast<const uint8_t*>(scores);
    const uint32_t low = BlockAt<T>(all, 0).AtLeast(threshold);
    return low | BlockAt<T>(all, 1).AtLeast(threshold) << kBlock;
  }

  // The keys of these scores, and all ones after them if they are not kSmallK.
  void KeysOf(uint32_t bits, uint64_t* keys) const {
    for (size_t i = 0; i < kSmallK; ++i, bits &= bits - 1) {
      const uint64_t none = -uint64_t{bits == 0};
      const size_t bit = static_cast<size_t>(__builtin_ctz(bits | 1u << (kScores - 1)));
      const size_t index = first[bit % kSmallK] + kGroups * (bit / kSmallK);
      keys[i] = KeyOfNumber(T::Value(scores[bit]), index) | none;
    }
  }
};

// The maxima of a row, some chunks at a time.
template <typename T>
class StepwiseMaxima {
 public:
  // Without scores there is nothing to do.
  StepwiseMaxima(const SearchedRow& row, size_t classes, size_t steps)
      : maxima_(row, classes),
        whole_(row.scores == nullptr ? 0 : classes / kChunk),
        step_((ChunksOf(classes) + steps - 1) / steps) {}

  void Step() {
    const size_t end = next_ + step_ < whole_ ? next_ + step_ : whole_;
    for (; next_ < end; ++next_) maxima_.AddWhole(next_);
  }

  void Finish(float* of_segment) {
    while (next_ < whole_) Step();
    maxima_.AddRest();
    maxima_.Store(of_segment);
  }

 private:
  FloatMaxima<T> maxima_;
  const size_t whole_;
  const size_t step_;
  size_t next_ = 0;
};

// The next row's maxima are found in between: a processor that had only this row to look at would
// stop asking for memory.
template <typename T>
bool SmallK(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
            uint64_t* keys) {
  constexpr size_t kSteps = 8;
  const size_t chunks = ChunksOf(classes);
  StepwiseMaxima<T> maxima(next, classes, kSteps);
  const Lanes bound = Lanes::All(*row.maxima.bound);
  maxima.Step();

  CandidateGroups found;
  const size_t words = (chunks + kChunksPerWord - 1) / kChunksPerWord;
  for (size_t word = 0; word < words && found.count <= kSmallK; ++word) {
    found.Add(word, GroupsAtLeast(row.maxima.of_chunks, chunks, word, bound));
    maxima.Step();
  }

  size_t count = found.count;
  if (count <= kSmallK) {
    const SmallKGroups<T> few(row.scores, classes, found);
    maxima.Step();
    const uint32_t bits = few.AtLeast(bound);
    count = static_cast<size_t>(__builtin_popcount(bits));
    maxima.Step();
    few.KeysOf(bits, keys);
    maxima.Step();
    OrderSmallK(keys);
  }
  if (next.scores != nullptr) {
    maxima.Finish(next.maxima.of_segments);
    *next.maxima.bound = KthLargest(next.maxima.of_segments, k);
  }
  return k <= count && count <= kSmallK;
}

}  // namespace
}  // namespace regcore
