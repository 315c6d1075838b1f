#include "scores/label_ranks.h"

#include <algorithm>
#include <cmath>

#include "base/subnormals.h"

namespace regcore {
namespace {

// A row cannot be looked through before the score of its label is there, which is anywhere in it.
constexpr size_t kRowsAhead = 4;

template <typename T>
void FindPlace(const Scores& scores, size_t r, size_t label, const ScoreKernels& scan,
               ptrdiff_t ahead, const LabelRanks& places) {
  const uint8_t* row = scores.Row(r);
  const float score = ValueAt<T>(row, label);
  Comparison all = {scores.classes, 1, true};
  if (!std::isnan(score)) all = scan.compare(row, scores.classes, score, ahead);
  const size_t others = all.equal - 1;
  const size_t before = others == 0 ? 0 : scan.compare(row, label, score, 0).equal;
  places.above[r] = static_cast<int32_t>(all.above);
  places.ties_before[r] = static_cast<int32_t>(before);
  places.ties_after[r] = static_cast<int32_t>(others - before);
  places.nan[r] = all.nan;
}

}  // namespace

void FindLabelRanks(const Scores& scores, const int64_t* labels, SimdLevel level, size_t first,
                    size_t last, const LabelRanks& places) {
  const SubnormalsKept mode;
  const ScoreKernels& scan = ScoreKernelsFor(level, scores.type);
  const ptrdiff_t ahead = scores.PrefetchDistance();
  WithScoreType(scores.type, [&](auto type) {
    using T = decltype(type);
    for (size_t r = first; r < last; ++r) {
      if (r + kRowsAhead < last) {
        const uint8_t* row = scores.Row(r + kRowsAhead);
        __builtin_prefetch(row + static_cast<size_t>(labels[r + kRowsAhead]) *
                                     sizeof(typename T::Storage));
      }
      const size_t label = static_cast<size_t>(labels[r]);
      FindPlace<T>(scores, r, label, scan, ahead, places);
    }
  });
}

void CountRanks(const LabelRanks& places, size_t rows, Ties ties, size_t n, int64_t* hits,
                int64_t* tied, int64_t* nan) {
  for (size_t r = 0; r < rows; ++r) {
    const size_t above = static_cast<size_t>(places.above[r]);
    const size_t lower = static_cast<size_t>(places.ties_before[r]);
    const size_t higher = static_cast<size_t>(places.ties_after[r]);
    const size_t rank =
        above + (ties.lower_indices ? lower : 0) + (ties.higher_indices ? higher : 0);
    ++hits[std::min(rank, n)];
    *tied += (lower + higher != 0) & (above < n);
    *nan += places.nan[r];
  }
}

}  // namespace regcore
