#include "files/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace regcore {

uint64_t Checksum(const uint8_t* bytes, size_t size) { return XXH3_64bits(bytes, size); }

}  // namespace regcore
