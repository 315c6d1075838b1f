// A whole file → memory, refused before allocation when it is over the limit.
#pragma once

#include <cstddef>

#include "image.h"
#include "status.h"

namespace regcore {

// Reads `path` into `buffer` and sets `size`, in bytes; the buffer keeps kReadSlack behind the
// file. Messages carry the operating system's words, not the path.
Status ReadFile(const char* path, size_t limit, AlignedBuffer* buffer, size_t* size);

}  // namespace regcore
