// A file, or a part of one → memory.
#pragma once

#include <cstddef>

#include "base/aligned_buffer.h"
#include "base/memory_budget.h"
#include "base/status.h"
#include "files/file_range.h"

namespace regcore {

// Refuses more than `max_bytes` as kTooLarge.
Status CheckFileBytes(size_t bytes, size_t max_bytes);

// Reads `path`, or where `range` is not null that part of it, into `buffer` and sets `size`, in
// bytes; the buffer keeps kReadSlack past them. More than `max_bytes` are refused before any
// allocation. `reservation` grows by the bytes and may be null. A file that changes meanwhile, or
// ends before the range does, is kIo.
// Messages carry the operating system's words, and the path only where the environment is to blame.
Status ReadFile(const char* path, const FileRange* range, size_t max_bytes,
                Reservation* reservation, AlignedBuffer* buffer, size_t* size);

}  // namespace regcore
