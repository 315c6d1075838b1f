// topk and ranks of a whole array, as jobs over its rows.
#pragma once

#include <cstdint>

#include "scores/label_ranks.h"
#include "scores/parallel_rows.h"
#include "scores/topk.h"

namespace regcore {

// What the arguments point to must live until the job has ended. As TopK::Run for all rows:
Status StartTopK(const TopK& topk, uint8_t* values, int64_t* indices, ParallelRows* rows);

// As FindLabelRanks for all rows.
Status StartFindLabelRanks(const Scores& scores, const int64_t* labels, SimdLevel level,
                           const LabelRanks& places, ParallelRows* rows);

}  // namespace regcore
