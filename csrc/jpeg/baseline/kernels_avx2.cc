// AVX2's processors, which shift without flags (BMI2).
#include "jpeg/baseline/read_blocks-inl.h"

namespace regcore {

bool ReadBlocksAvx2(const BlockTarget* blocks, size_t count, const BlockLayout& layout,
                    const uint8_t* end, BitReader* reader) {
  return ReadBlocksByPairs(blocks, count, layout, end, reader);
}

}  // namespace regcore
