// From the bits of a scan to coefficients, by instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/simd_level.h"
#include "jpeg/baseline/pair_table.h"
#include "jpeg/entropy/bit_reader.h"
#include "jpeg/pixels/block_groups.h"

namespace regcore {

// A block that is to be read.
struct BlockTarget {
  int16_t* block;       // of zeros
  const PairTable* dc;  // first codes, each with one of `ac`
  const PairTable* ac;
};

// Reads `count` blocks from a segment that ends at `end`, kReadAhead zeros before the end of its
// memory. The first coefficient of each is left as it is stored, less the one before. False:
// damage. blocks[count] is a target too, of which only the tables mean anything.
using ReadBlocks = bool (*)(const BlockTarget* blocks, size_t count, const BlockLayout& layout,
                            const uint8_t* end, BitReader* reader);

// Every level gives the same; kPortable is the plain loop that the others are tested against.
ReadBlocks ReadBlocksFor(SimdLevel level);

bool ReadBlocksPortable(const BlockTarget* blocks, size_t count, const BlockLayout& layout,
                        const uint8_t* end, BitReader* reader);
bool ReadBlocksAvx2(const BlockTarget* blocks, size_t count, const BlockLayout& layout,
                    const uint8_t* end, BitReader* reader);
bool ReadBlocksNeon(const BlockTarget* blocks, size_t count, const BlockLayout& layout,
                    const uint8_t* end, BitReader* reader);

}  // namespace regcore
