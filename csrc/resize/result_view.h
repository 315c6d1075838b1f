// Where a result goes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace regcore {

// The caller's memory for a result.
struct ResultView {
  uint8_t* data = nullptr;
  ptrdiff_t stride = 0;  // bytes from row to row
};

}  // namespace regcore
