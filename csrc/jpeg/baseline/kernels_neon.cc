// Arm.
#include "jpeg/baseline/read_blocks-inl.h"

namespace regcore {

bool ReadBlocksNeon(const BlockTarget* blocks, size_t count, const BlockLayout& layout,
                    const uint8_t* end, BitReader* reader) {
  return ReadBlocksByPairs(blocks, count, layout, end, reader);
}

}  // namespace regcore
