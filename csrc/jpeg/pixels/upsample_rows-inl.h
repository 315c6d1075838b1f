// Vertical upsampling as a loop that compilers turn into vectors by themselves.
#pragma once

#include <cstddef>
#include <cstdint>

namespace regcore {
namespace {  // each file that includes this is compiled for processors of its own

void UpsampleH1V2(const uint8_t* near, const uint8_t* far, uint8_t rounding, size_t count,
                  uint8_t* out) {
  for (size_t i = 0; i < count; ++i) {
    out[i] = static_cast<uint8_t>((3 * near[i] + far[i] + rounding) >> 2);
  }
}

}  // namespace
}  // namespace regcore
