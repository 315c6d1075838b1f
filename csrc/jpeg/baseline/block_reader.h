// One block of 8 x 8 coefficients from the bits of a scan.
#pragma once

#include <cstdint>

#include "jpeg/baseline/bit_reader.h"
#include "jpeg/baseline/huffman_table.h"

namespace regcore {

// Where the coefficients of a block go, by their place in the zigzag order; places from 64 on,
// which only the end of a block or damage leads to, go where nothing is read.
struct BlockLayout {
  uint16_t offset[256];
};

// Reads one block: its first coefficient less the one before is added to `dc`, the others are put
// into `block` if kStore. False: damage.
//
// What follows the first coefficient is taken by pairs, each one look-up: the next one has to wait
// for its length alone. A pair may be one too many, where its first code already ends the block;
// then, and where a code is too long for the look-up, one code is taken by itself.
template <bool kStore>
inline bool ReadBlock(const HuffmanTable& dc_table, const PairTable& ac_table,
                      const BlockLayout& layout, BitReader* reader, int* dc, int16_t* block) {
  constexpr int kPairs = BitReader::kRefilled / PairTable::kLongestPair<kStore>;
  static_assert(HuffmanTable::kLongest <= BitReader::kRefilled);
  BitReader w = *reader;  // in registers
  w.Refill();
  const HuffmanCode first = dc_table.Find(w.bits());
  if (first.advance() == kNoCode) return false;
  *dc += first.Coefficient(w.bits());
  w.Skip(first.length());
  for (uint64_t place = 0;;) {
    w.Refill();
    uint64_t next = 0;
#pragma GCC unroll 4
    for (int i = 0; i < kPairs; ++i) {
      const HuffmanPair pair = ac_table.FindPair(w.bits());
      next = place + pair.advance<kStore>();
      if constexpr (kStore) {
        // If the pair is one too many, its second coefficient is past place 63.
        block[layout.offset[place + pair.first_advance()]] = pair.first();
        block[layout.offset[next]] = pair.second();
      }
      if (next >= 63) break;
      w.Skip(pair.length());
      place = next;
    }
    if (next < 63) continue;
    if (next >= kEndOfBlock && next - kEndOfBlock < 63) {
      w.Skip(ac_table.FindPair(w.bits()).length());
      *reader = w;
      return true;
    }
    w.Refill();
    const HuffmanCode code = ac_table.Find(w.bits());
    place += code.advance();
    if constexpr (kStore) block[layout.offset[place]] = code.Coefficient(w.bits());
    w.Skip(code.length());
    if (place < 63) continue;
    *reader = w;
    return place == 63 || place >= kEndOfBlock;
  }
}

}  // namespace regcore
