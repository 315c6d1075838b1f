#include "jpeg/progressive/progression.h"

#include <algorithm>

namespace regcore {
namespace {

constexpr int kMostLowBits = 10;  // of coefficients of 8-bit images none is left above it

bool IsOfOneKind(const ProgressiveScan& scan) {
  const bool of_first = scan.first == 0;
  const bool band = of_first ? scan.last == 0 : scan.last >= scan.first && scan.last < 64;
  const bool bits = scan.high == 0 ? scan.low <= kMostLowBits : scan.low == scan.high - 1;
  return band && bits && (of_first || scan.components == 1);
}

}  // namespace

Progression::Progression() {
  for (auto& component : low_) std::fill(component, component + 64, kUnsent);
}

bool Progression::Take(const ProgressiveScan& scan) {
  if (!IsOfOneKind(scan)) return false;
  const int expected = scan.high == 0 ? kUnsent : scan.high;
  for (int i = 0; i < scan.components; ++i) {
    int* const low = low_[scan.component[i]];
    if (scan.first > 0 && low[0] == kUnsent) return false;
    const auto is_next = [&](int bit) { return bit == expected; };
    if (!std::all_of(low + scan.first, low + scan.last + 1, is_next)) return false;
    std::fill(low + scan.first, low + scan.last + 1, scan.low);
  }
  return true;
}

bool Progression::IsComplete(int components) const {
  return std::all_of(low_, low_ + components, [](const int (&low)[64]) {
    return std::all_of(low, low + kSmoothedCoefficients, [](int bit) { return bit == 0; });
  });
}

}  // namespace regcore
