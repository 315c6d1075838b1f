#include "topk.h"

#include <cmath>

namespace regcore {
namespace {

// Whether `a`, which has the higher index, still goes before `b`.
bool Beats(float a, float b) { return a > b || (std::isnan(b) && !std::isnan(a)); }

void TopKOfRow(const float* scores, size_t classes, size_t k, float* values, int64_t* indices) {
  size_t found = 0;
  for (size_t i = 0; i < classes; ++i) {
    const float score = scores[i];
    if (found == k && !Beats(score, values[k - 1])) continue;
    size_t place = found < k ? found++ : k - 1;
    for (; place > 0 && Beats(score, values[place - 1]); --place) {
      values[place] = values[place - 1];
      indices[place] = indices[place - 1];
    }
    values[place] = score;
    indices[place] = static_cast<int64_t>(i);
  }
}

}  // namespace

void TopK(const float* scores, size_t rows, size_t classes, size_t k, float* values,
          int64_t* indices) {
  for (size_t row = 0; row < rows; ++row) {
    TopKOfRow(scores + row * classes, classes, k, values + row * k, indices + row * k);
  }
}

}  // namespace regcore
