// The loops of the vector kernels, to be included by each instruction set behind its own
//
//   Lanes                           kBlock floats in registers
//     Lanes::All(x)                 kBlock times x
//     Lanes::Load(T{}, memory)      kBlock scores of type T
//     lanes.WithoutFirst(n)         NaN instead of the first n < kBlock
//     lanes.MaxWith(best)           lane by lane, where NaN loses; `best` has no NaN
//     lanes.AtLeast(threshold)      bit i: lane i >= threshold
//     lanes.AnyAtLeast(threshold)   of lanes without NaN
//     lanes.KthLargest(k)           of lanes without NaN, 1 <= k <= kBlock
//     lanes.Store(memory)
//   LaneCounts(score)
//     counts.Add(lanes), counts.Sum(lanes in all that were no padding)
//   SortFew(keys)                 puts kFewKeys keys in ascending order
//
// A row is read in whole blocks, and its end as its last kBlock scores less those that were read
// already. Rows of less than a block go to the portable loops.
#pragma once

#include <limits>

#include "scores/row_scan.h"
#include "scores/score_key.h"

namespace regcore {
namespace {

constexpr size_t kBlocksPerChunk = kChunk / kBlock;
static_assert(kBlock == kGroups && kBlocksPerChunk == 4);

// Half a page. The next row has to arrive while this one is compared; hardware does not look so far
// ahead, and to ask for more than a page ahead was slower than not to ask.
constexpr size_t kAheadBytes = 2048;

template <typename T>
constexpr size_t kBlockBytes = kBlock * sizeof(typename T::Storage);

inline Lanes None() { return Lanes::All(-std::numeric_limits<float>::infinity()); }

template <typename T>
Lanes BlockAt(const uint8_t* row, size_t block) {
  return Lanes::Load(T{}, row + block * kBlockBytes<T>);
}

// The classes % kBlock scores behind the last whole block, in the last lanes.
template <typename T>
Lanes Tail(const uint8_t* row, size_t classes) {
  const uint8_t* last = row + (classes - kBlock) * sizeof(typename T::Storage);
  return Lanes::Load(T{}, last).WithoutFirst(kBlock - classes % kBlock);
}

template <typename T>
void Prefetch(const uint8_t* row, size_t block) {
  __builtin_prefetch(row + block * kBlockBytes<T> + kAheadBytes);
}

// The maxima of a chunk's lanes; only the last chunk of a row may have less than kChunk scores.
template <typename T>
Lanes WholeChunk(const uint8_t* row, size_t chunk) {
  Lanes best = None();
  for (size_t i = 0; i < kBlocksPerChunk; ++i) {
    best = BlockAt<T>(row, kBlocksPerChunk * chunk + i).MaxWith(best);
  }
  return best;
}

template <typename T>
Lanes LastChunk(const uint8_t* row, size_t classes) {
  Lanes best = None();
  for (size_t block = classes / kChunk * kBlocksPerChunk; block < classes / kBlock; ++block) {
    best = BlockAt<T>(row, block).MaxWith(best);
  }
  return classes % kBlock == 0 ? best : Tail<T>(row, classes).MaxWith(best);
}

// The maxima of the chunks [first, last) of a row, and of these chunks together, some at a time.
template <typename T>
class StepwiseMaxima {
 public:
  StepwiseMaxima(const SearchedRow& row, size_t classes, size_t first, size_t last, size_t step)
      : row_(row), classes_(classes), last_(last), step_(step), next_(first) {
    whole_ = last < classes / kChunk ? last : classes / kChunk;
  }

  void Step() {
    const size_t end = next_ + step_ < whole_ ? next_ + step_ : whole_;
    for (; next_ < end; ++next_) Add(WholeChunk<T>(row_.scores, next_));
  }

  // Those of all chunks together go to `of_segment`.
  void Finish(float* of_segment) {
    while (next_ < whole_) Step();
    if (next_ < last_) Add(LastChunk<T>(row_.scores, classes_));
    best_.Store(of_segment);
  }

 private:
  void Add(Lanes chunk) {
    chunk.Store(row_.maxima.of_chunks + kGroups * next_);
    best_ = chunk.MaxWith(best_);
  }

  const SearchedRow row_;
  const size_t classes_;
  const size_t last_;
  const size_t step_;
  size_t whole_;  // the end of those with kChunk scores
  size_t next_;
  Lanes best_ = None();
};

template <typename T>
void FindMaxima(const SearchedRow& row, size_t classes, size_t segments) {
  const size_t whole = classes / kChunk;
  for (size_t segment = 0; segment < segments; ++segment) {
    const size_t first = whole * segment / segments;
    const size_t last =
        segment + 1 == segments ? ChunksOf(classes) : whole * (segment + 1) / segments;
    StepwiseMaxima<T>(row, classes, first, last, last - first)
        .Finish(row.maxima.of_segments + kGroups * segment);
  }
}

inline Lanes LanesOf(const float* numbers) {
  return Lanes::Load(Float32{}, reinterpret_cast<const uint8_t*>(numbers));
}

inline float KthLargest(const float* numbers, size_t k) { return LanesOf(numbers).KthLargest(k); }

// Bit i: score kChunk * chunk + i >= threshold. The last chunk is read as the last kChunk scores.
template <typename T>
uint64_t ChunkAtLeast(const uint8_t* row, size_t classes, size_t chunk, Lanes threshold) {
  const size_t begin = kChunk * chunk;
  const size_t read = begin + kChunk <= classes ? begin : classes - kChunk;
  const uint8_t* scores = row + read * sizeof(typename T::Storage);
  uint64_t found = 0;
  for (size_t i = 0; i < kBlocksPerChunk; ++i) {
    found |= uint64_t{BlockAt<T>(scores, i).AtLeast(threshold)} << kBlock * i;
  }
  return found >> (begin - read);
}

// Bit i: chunk first + i has scores >= threshold, of at most 64 chunks [first, last).
inline uint64_t ChunksAtLeast(const float* of_chunks, size_t first, size_t last, Lanes threshold) {
  uint64_t found = 0;
  for (size_t chunk = first; chunk < last; ++chunk) {
    const bool any = LanesOf(of_chunks + kGroups * chunk).AnyAtLeast(threshold);
    found |= uint64_t{any} << (chunk - first);
  }
  return found;
}

template <typename T>
size_t AtLeast(const SearchedRow& row, size_t classes, float threshold, size_t limit,
               uint32_t* indices) {
  const Lanes all = Lanes::All(threshold);
  const size_t chunks = ChunksOf(classes);
  size_t count = 0;
  for (size_t first = 0; first < chunks; first += 64) {
    const size_t last = chunks - first < 64 ? chunks : first + 64;
    uint64_t found = ChunksAtLeast(row.maxima.of_chunks, first, last, all);
    for (; found != 0; found &= found - 1) {
      const size_t chunk = first + static_cast<size_t>(__builtin_ctzll(found));
      uint64_t scores = ChunkAtLeast<T>(row.scores, classes, chunk, all);
      for (; scores != 0; scores &= scores - 1) {
        indices[count++] =
            static_cast<uint32_t>(kChunk * chunk) + static_cast<uint32_t>(__builtin_ctzll(scores));
      }
      if (count >= limit) return count;
    }
  }
  return count;
}

// How many chunks have candidates, and how many each, cannot be foretold; so nothing here branches
// on it, unless there are more than usual. The next row's maxima are found in between: a processor
// that had only this row to look at would stop asking for memory.
template <typename T>
size_t FewBest(const SearchedRow& row, const SearchedRow& next, size_t classes, size_t k,
               uint64_t* keys) {
  constexpr size_t kUsualChunks = 6;  // of a thousand scores, with two chunks in each step
  constexpr size_t kSteps = 8;
  const size_t chunks = ChunksOf(classes);
  const size_t wanted = next.scores == nullptr ? 0 : chunks;
  StepwiseMaxima<T> maxima(next, classes, 0, wanted, (chunks + kSteps - 1) / kSteps);
  const Lanes bound = Lanes::All(KthLargest(row.maxima.of_segments, k));
  maxima.Step();
  uint64_t found = ChunksAtLeast(row.maxima.of_chunks, 0, chunks, bound);
  maxima.Step();

  // Of the chunks with candidates one after the other, and then nothing. (A chunk without numbers
  // is found, but has none, where the bound is -infinity.)
  uint64_t candidates[2 * kFewKeys + 2] = {};
  uint64_t begin[2 * kFewKeys + 2] = {};
  size_t count = 0, with_candidates = 0;
  for (size_t i = 0; (i < kUsualChunks || found != 0) && count <= kFewKeys; ++i) {
    const size_t chunk = static_cast<size_t>(__builtin_ctzll(found | 1ull << (chunks - 1)));
    const uint64_t scores =
        ChunkAtLeast<T>(row.scores, classes, chunk, bound) & -uint64_t{found != 0};
    begin[with_candidates] = kChunk * chunk;
    candidates[with_candidates] = scores;
    with_candidates += scores != 0;
    count += static_cast<size_t>(__builtin_popcountll(scores));
    found &= found - 1;
    if (i % 2 == 1) maxima.Step();
  }

  if (count <= kFewKeys) {
    size_t at = 0;
    for (size_t i = 0; i < kFewKeys; ++i) {
      const uint64_t left = candidates[at];
      const uint64_t none = -uint64_t{left == 0};
      const uint64_t place = static_cast<uint64_t>(__builtin_ctzll(left | 1ull << 63));
      const uint64_t index = (begin[at] + place) & ~none;
      keys[i] = KeyOfNumber(ValueAt<T>(row.scores, index), index) | none;
      candidates[at] &= left - 1;
      at += candidates[at] == 0;
      if (i % 4 == 3) maxima.Step();
    }
    SortFew(keys);
  }
  if (wanted != 0) maxima.Finish(next.maxima.of_segments);
  return count;
}

template <typename T>
Comparison Compare(const uint8_t* row, size_t classes, float score) {
  if (classes < kBlock) {
    return kRowScanPortable[static_cast<size_t>(T::kType)].compare(row, classes, score);
  }
  LaneCounts counts(score);
  for (size_t block = 0; block < classes / kBlock; ++block) {
    Prefetch<T>(row, block);
    counts.Add(BlockAt<T>(row, block));
  }
  if (classes % kBlock != 0) counts.Add(Tail<T>(row, classes));
  return counts.Sum(classes);
}

template <typename T>
constexpr RowScan kScan = {FindMaxima<T>, KthLargest, AtLeast<T>, FewBest<T>, Compare<T>};

}  // namespace
}  // namespace regcore
