// Nearest: pixels are picked, none is computed.
#pragma once

#include <cstring>

#include "resample/kernels.h"

namespace regcore {

// The `count` pixels of a row that lie at `places`, in bytes from `row`. All but the last are
// copied as four bytes, where the next pixel overwrites the fourth; `wide` says that the row may be
// read that far.
template <int kChannels>
void PickRow(const int32_t* places, int count, const uint8_t* row, bool wide, uint8_t* out) {
  const int last = count - 1;
  if (kChannels == 3 && wide) {
    for (int x = 0; x < last; ++x, out += 3) std::memcpy(out, row + places[x], 4);
  } else {
    for (int x = 0; x < last; ++x, out += kChannels) {
      std::memcpy(out, row + places[x], kChannels);
    }
  }
  std::memcpy(out, row + places[last], kChannels);
}

// For three channels, and plans each of whose outputs is one input. It moves bytes, so that one
// serves all instruction sets; the portable level keeps the kernels that multiply by 1.
extern const ResampleKernel kPick;

}  // namespace regcore
