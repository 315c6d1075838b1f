#include "ranks.h"

#include <cmath>

#include "float_mode.h"

namespace regcore {
namespace {

template <typename T>
LabelPlace PlaceOf(const uint8_t* row, size_t classes, size_t label, const RowScan& scan) {
  const float score = ValueAt<T>(row, label);
  if (std::isnan(score)) return {static_cast<int32_t>(classes), 0, 0, 1};
  const Comparison all = scan.compare(row, classes, score);
  const size_t others = all.equal - 1;
  const size_t before = others == 0 ? 0 : scan.compare(row, label, score).equal;
  return {static_cast<int32_t>(all.above), static_cast<int32_t>(before),
          static_cast<int32_t>(others - before), all.nan};
}

}  // namespace

void FindLabelPlaces(const Scores& scores, const int64_t* labels, SimdLevel level, size_t first,
                     size_t last, LabelPlace* places) {
  const SubnormalsKept mode;
  const RowScan& scan = RowScanFor(level, scores.type);
  WithScoreType(scores.type, [&](auto type) {
    for (size_t r = first; r < last; ++r) {
      const size_t label = static_cast<size_t>(labels[r]);
      places[r] = PlaceOf<decltype(type)>(scores.Row(r), scores.classes, label, scan);
    }
  });
}

}  // namespace regcore
