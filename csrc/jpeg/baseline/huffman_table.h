// Huffman codes by look-up: code, run and size of a coefficient, or all of two coefficients, from
// the next bits.
#pragma once

#include <cstdint>

#include "jpeg/baseline/scan_header.h"

namespace regcore {

// The coefficient of 63 - `spare` bits that lies below the highest `skip` of `bits`. ITU-T T.81,
// F.1.2.1.1: one whose first bit is 0 is negative, and stored less one.
inline int CoefficientAfter(uint64_t bits, uint32_t skip, uint32_t spare) {
  const uint64_t value = bits << skip;
  const int64_t negative = ~static_cast<int64_t>(value) >> 63;  // all ones, or 0
  const uint64_t positive = value ^ static_cast<uint64_t>(negative);
  const int64_t magnitude = static_cast<int64_t>(positive >> 1 >> spare);  // two steps: 64 in all
  return static_cast<int>((magnitude ^ negative) - negative);
}

// The advance of an end of block, and of bits that are no code: past place 63 from wherever it
// starts, and never as far as the end of a block.
inline constexpr uint32_t kEndOfBlock = 128;
inline constexpr uint32_t kNoCode = 64;

// A code together with the bits of the coefficient after it, in one register.
class HuffmanCode {
 public:
  HuffmanCode() = default;

  // `advance`: to the coefficient's place in the zigzag order, from the one before.
  HuffmanCode(unsigned code_length, unsigned size, unsigned advance)
      : packed_((code_length + size) | code_length << 8 | (63 - size) << 16 | advance << 24) {}

  // False: longer than the index of the table, or no code at all.
  bool found() const { return packed_ != 0; }

  uint32_t length() const { return packed_ & 63; }  // with the coefficient
  uint32_t code_length() const { return packed_ >> 8 & 63; }
  uint32_t spare() const { return packed_ >> 16 & 63; }
  uint32_t advance() const { return packed_ >> 24; }

  // The coefficient that the highest bits of `bits` hold, which begin with the code.
  int16_t Coefficient(uint64_t bits) const {
    return static_cast<int16_t>(CoefficientAfter(bits, code_length(), spare()));
  }

 private:
  uint32_t packed_ = 0;
};

// What one look-up finds, in one register: two codes with their coefficients, if both are within
// the index of the table, else one. Where there is no second code, the second coefficient is the
// first again, in the same place.
class HuffmanPair {
 public:
  HuffmanPair() = default;

  // Codes and coefficients within the index.
  HuffmanPair(uint32_t length, uint32_t first_advance, uint32_t advance, int16_t first,
              int16_t second)
      : packed_(length | first_advance << 8 | advance << 16 | uint64_t{advance} << 24 |
                uint64_t{static_cast<uint16_t>(first)} << 32 |
                uint64_t{static_cast<uint16_t>(second)} << 48) {}

  // One code within the index, whose coefficient is not.
  explicit HuffmanPair(HuffmanCode code)
      : packed_(code.length() | kNoCode << 8 | kNoCode << 16 | uint64_t{code.advance()} << 24) {}

  uint64_t length() const { return packed_; }  // in the lowest 6 bits, as BitReader::Skip takes it

  // To the last code's place. kNoCode where the first code is not within the index, or, if its
  // coefficient is needed, that is not.
  template <bool kCoefficients>
  uint64_t advance() const {
    return packed_ >> (kCoefficients ? 16 : 24) & 255;
  }

  uint64_t first_advance() const { return packed_ >> 8 & 255; }
  int16_t first() const { return static_cast<int16_t>(packed_ >> 32); }
  int16_t second() const { return static_cast<int16_t>(packed_ >> 48); }

 private:
  uint64_t packed_ = 0;
};

// The table for the first coefficients of blocks: a symbol is the size of a difference.
class HuffmanTable {
 public:
  static constexpr unsigned kLargestSize = 11;  // ITU-T T.81, table F.1

  HuffmanTable() : HuffmanTable(kLargestSize, 255) {}

  // No code is longer, together with its coefficient.
  static constexpr int kLongest = 16 + static_cast<int>(kLargestSize);

  // False: not a table of 8-bit baseline JPEG. A table like the last one costs nothing; if it was
  // another, `rebuilt`.
  bool Build(const HuffmanSpec& spec, bool* rebuilt);

  // The code that the highest bits of `bits` begin with.
  HuffmanCode Find(uint64_t bits) const {
    const HuffmanCode code = codes_[bits >> (64 - kIndexBits)];
    return code.found() ? code : FindLong(bits);
  }

 protected:
  static constexpr int kIndexBits = 10;

  // Sizes of coefficients are in the bits `size_mask` of a symbol, and `largest_size` at most.
  HuffmanTable(unsigned largest_size, unsigned size_mask)
      : largest_size_(largest_size), size_mask_(size_mask) {}

  HuffmanCode codes_[1 << kIndexBits];

 private:
  HuffmanCode FindLong(uint64_t bits) const;

  const unsigned largest_size_;
  const unsigned size_mask_;
  bool built_ = false;
  uint8_t counts_[17] = {};
  uint8_t symbols_[256] = {};
  // For each length: the first code that is larger, left-aligned in 16 bits, and where a code's
  // symbol is, relative to the code.
  uint32_t limit_[17] = {};
  int offset_[17] = {};
};

// The table for the coefficients after the first one, which have 10 bits at most (table F.2); most
// have fewer.
class PairTable : public HuffmanTable {
 public:
  PairTable() : HuffmanTable(10, 15) {}

  bool Build(const HuffmanSpec& spec);

  // The most bits of a pair: both within the index, or one code and the coefficient after it.
  template <bool kCoefficients>
  static constexpr int kLongestPair =
      kIndexBits + (kCoefficients ? 0 : static_cast<int>(kLargestSize));

  // The pair that the highest bits of `bits` begin with.
  HuffmanPair FindPair(uint64_t bits) const { return pairs_[bits >> (64 - kIndexBits)]; }

 private:
  HuffmanPair PairAt(uint32_t index) const;

  HuffmanPair pairs_[1 << kIndexBits];
};

}  // namespace regcore
