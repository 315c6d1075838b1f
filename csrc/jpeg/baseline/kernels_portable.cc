// A plain loop, one code after the other: what the other instruction sets are tested against.
#include "jpeg/baseline/kernels.h"

namespace regcore {
namespace {

bool ReadBlock(const BlockTarget& target, const BlockLayout& layout, const uint8_t* end,
               BitReader* reader) {
  unsigned place = 0;
  while (place < kLastPlace) {
    reader->Refill();
    if (reader->IsFarPast(end)) return false;
    const PairTable* table = place == 0 ? target.dc : target.ac;
    const HuffmanCode code = table->FindFirst(reader->bits());
    place += code.advance();
    target.block[layout.offset[place]] = code.Coefficient(reader->bits());
    reader->Skip(code.length());
  }
  return place == kLastPlace || (place >= kEndOfBlock && place < kNoCode);
}

}  // namespace

bool ReadBlocksPortable(const BlockTarget* blocks, size_t count, const BlockLayout& layout,
                        const uint8_t* end, BitReader* reader) {
  BitReader r = *reader;  // in registers
  for (size_t i = 0; i < count; ++i) {
    if (!ReadBlock(blocks[i], layout, end, &r)) return false;
  }
  *reader = r;
  return r.Left(end) >= 0;
}

}  // namespace regcore
