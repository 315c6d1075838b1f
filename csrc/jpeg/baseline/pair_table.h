// Two Huffman codes by one look-up, with their coefficients.
#pragma once

#include <cstdint>

#include "jpeg/entropy/bit_reader.h"
#include "jpeg/entropy/huffman_table.h"

namespace regcore {

// What one look-up finds, in one register: two codes, if both are within the index of the table
// and the first one's coefficient too, else one. The last coefficient follows its code, wherever
// it ends. Where there is one code, the first coefficient is 0 and has the place of the last one,
// which is to be stored after it.
class CodePair {
 public:
  CodePair() = default;

  // No code, or one that is to be found by itself.
  static CodePair None() { return CodePair(0, kNoCode, kNoCode, 0, 63, 0); }

  explicit CodePair(HuffmanCode code)  // alone
      : CodePair(code.length(), code.advance(), code.advance(), code.code_length(), code.spare(),
                 0) {}

  // What is of `code`, with `first`, its coefficient of at most 8 bits, whatever follows.
  CodePair(HuffmanCode code, int16_t first)
      : CodePair(code.length(), code.advance(), code.advance(), code.length(), 0, first) {}

  // That, and `second` after it.
  CodePair(CodePair first, HuffmanCode second)
      : packed_(first.packed_ + CodePair(second.length(), 0, second.advance(), second.code_length(),
                                         second.spare(), 0)
                                    .packed_) {}

  uint64_t length() const { return packed_; }  // in the lowest 6 bits, as BitReader::Skip takes it
  uint64_t first_advance() const { return packed_ >> 8 & 255; }
  uint64_t advance() const { return packed_ >> 16 & 255; }  // to the last code's place

  // Negative if the last code ends the block.
  int64_t end_in_sign() const { return static_cast<int64_t>(packed_); }

  int16_t First() const { return static_cast<int16_t>(static_cast<int64_t>(packed_ << 1) >> 49); }

  // `bits` are those of the look-up.
  int16_t Last(uint64_t bits) const { return CoefficientAfter(bits, packed_ >> 24, packed_ >> 32); }

 private:
  CodePair(unsigned length, unsigned first_advance, unsigned advance, unsigned skip, unsigned spare,
           int16_t first)
      : packed_(length | uint64_t{first_advance} << 8 | uint64_t{advance} << 16 |
                uint64_t{skip} << 24 | uint64_t{spare} << 32 |
                uint64_t{static_cast<uint16_t>(first) & 0x7FFFu} << 48) {
    packed_ |= uint64_t{(advance & kNoCode) == kEndOfBlock} << 63;  // or up to 63 more
  }

  uint64_t packed_ = 0;
};

class PairTable {
 public:
  // No pair is longer. Two fit into what a refill leaves, with an index after them.
  static constexpr unsigned kLongest = 20;
  static_assert(2 * kLongest + HuffmanTable::kIndexBits <= BitReader::kRefilled);

  // Pairs of a code of `first` and one of `second`, which must outlive the table's use.
  void Build(const HuffmanTable& first, const HuffmanTable& second);

  // The pair that the highest bits of `bits` begin with.
  CodePair Find(uint64_t bits) const { return pairs_[bits >> (64 - HuffmanTable::kIndexBits)]; }

  // Its first code alone, whatever its length.
  HuffmanCode FindFirst(uint64_t bits) const { return first_->Find(bits); }

 private:
  void PairUp(uint64_t index, HuffmanCode code, const HuffmanTable& second);

  CodePair pairs_[1 << HuffmanTable::kIndexBits];
  const HuffmanTable* first_ = nullptr;
};

}  // namespace regcore
