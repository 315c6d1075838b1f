// A whole file → memory, refused before allocation when it is over a limit.
#pragma once

#include <cstddef>

#include "base/image_limits.h"
#include "base/image_view.h"
#include "base/memory_budget.h"
#include "base/status.h"

namespace regcore {

// Reads `path` into `buffer` and sets `size`, in bytes; the buffer keeps kReadSlack behind the
// file. `reservation` grows by the file and may be null. A file that changes meanwhile is kIo.
// Messages carry the operating system's words, and the path only where the environment is to blame.
Status ReadFile(const char* path, const DecodeLimits& limits, Reservation* reservation,
                AlignedBuffer* buffer, size_t* size);

}  // namespace regcore
