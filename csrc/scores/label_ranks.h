// Where the score of each row's label stands among the row's scores, without sorting.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scores/row_search/kernels.h"
#include "scores/row_search/score_rows.h"

namespace regcore {

// How many other scores are above the label's, and equal to it (0 and -0 are) at lower and at
// higher indices: one number for each row. Every rule for ties is a sum of these. A label whose own
// score is NaN comes after everything: above is the number of classes. nan is 1 for a row with any
// NaN, else 0.
struct LabelRanks {
  int32_t* above;
  int32_t* ties_before;
  int32_t* ties_after;
  int32_t* nan;
};

// Rows [first, last); `labels` (each < classes < 2^31) and `places` are of all rows.
// Any level gives the same result.
void FindLabelRanks(const Scores& scores, const int64_t* labels, SimdLevel level, size_t first,
                    size_t last, const LabelRanks& places);

// Which of the scores equal to the label's go before it.
struct Ties {
  bool lower_indices;
  bool higher_indices;
};

// For `rows` rows, hits[r] grows by those whose label has rank r < n, with n and more as hits[n];
// `tied` by those for which another rule for ties could give another rank below n; `nan` by those
// with any NaN.
void CountRanks(const LabelRanks& places, size_t rows, Ties ties, size_t n, int64_t* hits,
                int64_t* tied, int64_t* nan);

}  // namespace regcore
