// Memory → files. A failure is kOutput: it concerns the whole run, not one image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "status.h"

namespace regcore {

// Writes `bytes` as the file `path` so that it is there whole or not at all: a temporary file in
// the same folder, renamed when complete. Nobody can derive its name, and it is made exclusively,
// so that any number of writers in a folder never touch each other's. It is locked while its writer
// lives, by which regcore/atomic.py tells it from what a dead one left. The words name `path`.
Status WriteFileAtomically(const std::string& path, const uint8_t* bytes, size_t size);

// Writes `bytes` into an open file, `offset` bytes from its start. Several threads may do so.
Status WriteAt(int file, size_t offset, const uint8_t* bytes, size_t size);

}  // namespace regcore
