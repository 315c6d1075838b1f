// Huffman codes by look-up: code, run and size of a coefficient, from the next bits.
#pragma once

#include <cstdint>

#include "jpeg/entropy/huffman_spec.h"

namespace regcore {

// The coefficient of 63 - `spare` bits that lies below the highest `skip` of `bits`. ITU-T T.81,
// F.1.2.1.1: one whose first bit is 0 is negative, and stored less one.
inline int16_t CoefficientAfter(uint64_t bits, uint64_t skip, uint64_t spare) {
  const uint64_t value = bits << (skip & 63);
  const int64_t negative = ~(static_cast<int64_t>(value) >> 63);  // all ones, or 0
  const uint64_t positive = value ^ static_cast<uint64_t>(negative);
  const uint64_t magnitude = positive >> 1 >> (spare & 63);  // two steps: 64 in all
  return static_cast<int16_t>(static_cast<int64_t>(magnitude ^ static_cast<uint64_t>(negative)) -
                              negative);
}

// Places of coefficients are counted from 1, that of the first one of a block, to 64, so that 0 is
// before the first one. Advances lead from place to place; these two, from any of 0 to 63, to where
// bit 7 says that the block has ended, and bit 6, which place 64 has too, that more is to be done.
inline constexpr unsigned kLastPlace = 64;
inline constexpr unsigned kEndOfBlock = 128;
inline constexpr unsigned kNoCode = 192;

// A code together with the bits of the coefficient after it, in one register.
class HuffmanCode {
 public:
  HuffmanCode() = default;

  // `advance`: to the coefficient's place, from the one before.
  HuffmanCode(unsigned code_length, unsigned size, unsigned advance)
      : packed_((code_length + size) | code_length << 8 | (63 - size) << 16 | advance << 24) {}

  // False: longer than the index of the table, or no code at all.
  bool found() const { return packed_ != 0; }

  unsigned length() const { return packed_ & 63; }  // with the coefficient
  unsigned code_length() const { return packed_ >> 8 & 63; }
  unsigned spare() const { return packed_ >> 16 & 63; }
  unsigned advance() const { return packed_ >> 24; }

  // The bits of the coefficient.
  unsigned size() const { return 63 - spare(); }

  // The coefficient that the highest bits of `bits` hold, which begin with the code.
  int16_t Coefficient(uint64_t bits) const {
    return CoefficientAfter(bits, code_length(), spare());
  }

  // Of a progressive scan's code that ends a block: how many blocks end there, this one included.
  // ITU-T T.81, G.1.2.2: a bit of 1 and the bits after the code.
  uint32_t EndedBlocks(uint64_t bits) const {
    const uint64_t below = (bits << code_length()) >> 1 >> spare();
    return static_cast<uint32_t>(below | uint64_t{1} << (63 - spare()));
  }

 private:
  uint32_t packed_ = 0;
};

// No first coefficient of an 8-bit image is larger (ITU-T T.81, F.1.2.1.2).
inline constexpr int kLargestDc = 2047;

// ITU-T T.81, table B.5: for the first coefficients of blocks, or rather their differences, of
// which a symbol is the size (table F.1); or for the others, of 10 bits at most (table F.2), which
// in progressive scans may end the blocks that follow, too (G.1.2.2).
enum class HuffmanClass { kDc, kAc, kProgressiveAc };

class HuffmanTable {
 public:
  static constexpr unsigned kIndexBits = 10;

  explicit HuffmanTable(HuffmanClass table_class) : class_(table_class) {}

  // False: not a table of an 8-bit JPEG. A table like the last one costs nothing; if it was
  // another, `rebuilt`.
  bool Build(const HuffmanSpec& spec, bool* rebuilt);

  // The code that the highest bits of `bits` begin with.
  HuffmanCode Find(uint64_t bits) const {
    const HuffmanCode code = FindShort(bits);
    return code.found() ? code : FindLong(bits);
  }

  // The same where the code is within the index.
  HuffmanCode FindShort(uint64_t bits) const { return codes_[bits >> (64 - kIndexBits)]; }

 private:
  HuffmanCode FindLong(uint64_t bits) const;
  bool SizeFits(uint8_t symbol) const;
  HuffmanCode CodeOf(uint8_t symbol, int code_length) const;

  const HuffmanClass class_;
  HuffmanCode codes_[1 << kIndexBits];
  bool built_ = false;
  uint8_t counts_[17] = {};
  uint8_t symbols_[256] = {};
  // For each length: the first code that is larger, left-aligned in 16 bits, and where a code's
  // symbol is, relative to the code.
  uint32_t limit_[17] = {};
  int offset_[17] = {};
};

}  // namespace regcore
