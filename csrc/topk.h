// The k best scores of each row, in a stated order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace regcore {

// For each of `rows` rows of `classes` scores: the k highest, best first, equal scores by lowest
// index first, NaN behind every number. `values` and `indices` have k places per row.
// Needs 1 <= k <= classes.
void TopK(const float* scores, size_t rows, size_t classes, size_t k, float* values,
          int64_t* indices);

}  // namespace regcore
