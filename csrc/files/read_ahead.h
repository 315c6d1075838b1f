// A file, or a part of one, on its way to memory before it is asked for.
#pragma once

#include "files/file_range.h"

namespace regcore {

// Has the system begin to read `path`, or where `range` is not null that part of it, and does not
// wait. It is a hint: of what fails, ReadFile tells in its turn.
void ReadAhead(const char* path, const FileRange* range);

}  // namespace regcore
