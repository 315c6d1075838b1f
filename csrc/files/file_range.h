// A part of a file.
#pragma once

#include <cstddef>
#include <cstdint>

namespace regcore {

struct FileRange {
  uint64_t offset = 0;
  size_t bytes = 0;
};

}  // namespace regcore
