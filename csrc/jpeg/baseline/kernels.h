// From the bits of a scan to coefficients, by instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/simd_level.h"
#include "jpeg/baseline/bit_reader.h"
#include "jpeg/baseline/pair_table.h"

namespace regcore {

// Where the coefficients of a block go, by their place, from 1 to 64; what has no place in a block,
// which only the end of one or damage leads to, goes where nothing is read.
struct BlockLayout {
  uint16_t offset[256];
};

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
