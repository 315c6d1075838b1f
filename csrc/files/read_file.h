// A whole file → memory.
#pragma once

#include <cstddef>

#include "base/aligned_buffer.h"
#include "base/memory_budget.h"
#include "base/status.h"

namespace regcore {

// Refuses more than `max_bytes` as kTooLarge.
Status CheckFileBytes(size_t bytes, size_t max_bytes);

// Reads `path` into `buffer` and sets `size`, in bytes; the buffer keeps kReadSlack past the
// file. More than `max_bytes` are refused before any allocation. `reservation` grows by the file
// and may be null. A file that changes meanwhile is kIo.
// Messages carry the operating system's words, and the path only where the environment is to blame.
Status ReadFile(const char* path, size_t max_bytes, Reservation* reservation, AlignedBuffer* buffer,
                size_t* size);

}  // namespace regcore
