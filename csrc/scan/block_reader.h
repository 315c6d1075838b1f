// One block of 8 x 8 coefficients from the bits of a scan.
#pragma once

#include <cstdint>

#include "scan/bit_window.h"
#include "scan/huffman_table.h"

namespace regcore {

// Where the coefficients of a block go, by their place in the zigzag order; places from 64 on, which
// only the end of a block or damage leads to, go where nothing is read.
struct BlockLayout {
  uint16_t offset[256];
};

// The coefficient of `code`, which lies behind the code's bits. ITU-T T.81, F.1.2.1.1: a first bit
// of 0 means a negative number, stored less one.
inline int16_t CoefficientOf(HuffmanCode code, uint64_t bits) {
  const uint64_t value = bits << code.code_length;
  const int64_t negative = ~static_cast<int64_t>(value) >> 63;  // all ones, or 0
  // In two steps, for a size of 0.
  const int64_t magnitude = static_cast<int64_t>(
      (value ^ static_cast<uint64_t>(negative)) >> 1 >> (63 - code.size));
  return static_cast<int16_t>((magnitude ^ negative) - negative);
}

inline HuffmanCode NextCode(const HuffmanTable& table, const BitWindow& window) {
  const HuffmanCode code = table.Find(window.bits());
  if (__builtin_expect(code.code_length == 0, 0)) return table.FindLong(window.bits());
  return code;
}

// Reads one block: its first coefficient less the one before is added to `dc`, the others are put
// into `block` if kStore. False: damage.
template <bool kStore>
inline bool ReadBlock(const HuffmanTable& dc_table, const HuffmanTable& ac_table,
                      const BlockLayout& layout, BitWindow* window, int* dc, int16_t* block) {
  window->Refill();
  const HuffmanCode first = NextCode(dc_table, *window);
  if (first.advance == HuffmanTable::kNoCode) return false;
  *dc += CoefficientOf(first, window->bits());
  window->Skip(first.length);
  uint32_t place = 0;
  const auto step = [&] {
    const HuffmanCode code = NextCode(ac_table, *window);
    place += code.advance;
    if constexpr (kStore) block[layout.offset[place]] = CoefficientOf(code, window->bits());
    window->Skip(code.length);
    return place < 63;
  };
  // After a refill there are enough bits for two codes, the first coefficient's among them:
  // 2 * (16 + 11) < 56.
  while (step()) {
    window->Refill();
    if (!step()) break;
  }
  return place == 63 || place >= HuffmanTable::kEndOfBlock;
}

}  // namespace regcore
