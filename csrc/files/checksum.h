// XXH3 of 64 bits, as `xxhsum -H3` prints it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace regcore {

uint64_t Checksum(const uint8_t* bytes, size_t size);

}  // namespace regcore
