// From the bits of a progressive JPEG's scans to coefficients, by instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/simd_level.h"
#include "jpeg/entropy/huffman_table.h"
#include "jpeg/entropy/scan_data.h"
#include "jpeg/pixels/block_groups.h"

namespace regcore {

// Coefficients of 8-bit images have so many bits at most, but for the first one of a block.
inline constexpr unsigned kLargestSize = 10;

// A scan of a band of the coefficients of one component, without the first ones.
struct AcScan {
  const HuffmanTable* codes;  // of class kProgressiveAc
  const BlockLayout* layout;
  unsigned before;     // the place of the coefficient before the band, from 1 on
  unsigned last;       // the place of the last one
  int low;             // the lowest bit that is sent
  const uint8_t* end;  // of the segment, kReadAhead zeros before the end of its memory
};

// Blocks side by side, in the order of the scan.
struct BlockRun {
  uint64_t* histories;  // see block_histories.h
  size_t count;
  BlockRow blocks;  // with null for data: the coefficients are not kept
  int first;        // of the row
};

// Reads a run of blocks. False: it is not what an encoder writes.
using ReadAc = bool (*)(const AcScan& scan, const BlockRun& run, EntropyState* state);

struct ProgressiveKernels {
  ReadAc first;       // of the band, down to bit `low` (ITU-T T.81, G.1.2.2)
  ReadAc refinement;  // bit `low` of the band (G.1.2.3)
};

// Every level gives the same; kPortable is the plain loop that the others are tested against.
const ProgressiveKernels& ProgressiveKernelsFor(SimdLevel level);

extern const ProgressiveKernels kProgressiveKernelsPortable;
extern const ProgressiveKernels kProgressiveKernelsAvx2;

}  // namespace regcore
