// Huffman codes by look-up: code, run and size of a coefficient from the next bits.
#pragma once

#include <cstdint>
#include <cstring>

#include "scan/scan_header.h"

namespace regcore {

// A code together with the bits of the coefficient behind it.
struct HuffmanCode {
  uint8_t length = 0;       // of both, in bits; lowest, so that a shift can take it from the register
  uint8_t code_length = 0;  // of the code alone; 0: longer than the index of the table, or no code
  uint8_t size = 0;         // of the coefficient, in bits
  uint8_t advance = 0;      // to its place in the zigzag order, from the one before
};

class HuffmanTable {
 public:
  static constexpr int kIndexBits = 10;
  static constexpr uint8_t kLargestDcSize = 11;
  static constexpr uint8_t kLargestAcSize = 10;

  // `advance` of an end of block, and of bits that are no code. Each leads behind place 63, from
  // wherever it starts, and to no place where the other leads.
  static constexpr uint8_t kEndOfBlock = 128;
  static constexpr uint8_t kNoCode = 64;

  // False: not a table of 8-bit baseline JPEG. A table like the last one costs nothing.
  bool Build(const HuffmanSpec& spec, bool dc);

  // Of the highest bits of `bits`, most often.
  HuffmanCode Find(uint64_t bits) const { return codes_[bits >> (64 - kIndexBits)]; }

  // Where Find has found no code.
  HuffmanCode FindLong(uint64_t bits) const;

 private:
  HuffmanCode CodeFor(uint8_t symbol, int code_length) const;

  HuffmanCode codes_[1 << kIndexBits];
  bool dc_ = false;
  bool built_ = false;
  uint8_t counts_[17] = {};
  uint8_t symbols_[256] = {};
  // Of each length: the first code that is larger, left-aligned in 16 bits, and where a code's
  // symbol is, relative to the code.
  uint32_t limit_[17] = {};
  int offset_[17] = {};
};

}  // namespace regcore
