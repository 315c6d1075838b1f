// A file, or a part of one, on its way to memory before it is read.
#pragma once

#include <chrono>

#include "files/file_range.h"

namespace regcore {

// Has the system begin to read `path`, or where `range` is not null that part of it: of either the
// first bytes, where there are many. It waits for the file to be opened, and not for its bytes, and
// returns how long that took. It is a hint: of what fails, ReadFile tells in its turn.
std::chrono::nanoseconds PrefetchFile(const char* path, const FileRange* range);

}  // namespace regcore
