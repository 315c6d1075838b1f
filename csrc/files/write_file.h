// Memory → files. A failure is kOutput: it concerns the whole run, not one image.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace regcore {

// Writes `bytes` as the file `path` so that it is there whole or not at all: a temporary file in
// the same folder, `.regcore-<16 hexadecimal digits>.tmp` as in regcore/files/atomic.py, which
// belongs to this call alone, renamed when complete. A failure names `path`.
Status WriteFileAtomically(const char* path, const uint8_t* bytes, size_t size);

// Writes `bytes` into an open file, `offset` bytes from its start. Several threads may do so.
Status WriteAt(int file, size_t offset, const uint8_t* bytes, size_t size);

}  // namespace regcore
