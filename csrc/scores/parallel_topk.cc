#include "scores/parallel_topk.h"

#include <memory>
#include <vector>

#include "base/aligned_buffer.h"

namespace regcore {

Status StartTopK(const TopK& topk, uint8_t* values, int64_t* indices, ParallelRows* rows) {
  auto scratch = std::make_shared<std::vector<AlignedBuffer>>(rows->workers());
  for (AlignedBuffer& buffer : *scratch) REGCORE_RETURN_IF_ERROR(topk.Reserve(&buffer));
  return rows->Start([=](size_t first, size_t last, size_t worker) {
    topk.Run(first, last, values, indices, &(*scratch)[worker]);
  });
}

Status StartFindLabelRanks(const Scores& scores, const int64_t* labels, SimdLevel level,
                           const LabelRanks& places, ParallelRows* rows) {
  return rows->Start([=](size_t first, size_t last, size_t) {
    FindLabelRanks(scores, labels, level, first, last, places);
  });
}

}  // namespace regcore
