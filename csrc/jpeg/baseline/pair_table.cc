#include "jpeg/baseline/pair_table.h"

#include <algorithm>
#include <iterator>

namespace regcore {
namespace {

constexpr unsigned kIndexBits = HuffmanTable::kIndexBits;
constexpr unsigned kSpareBits = 64 - kIndexBits;  // below an index

}  // namespace

void PairTable::Build(const HuffmanTable& first, const HuffmanTable& second) {
  first_ = &first;
  for (uint64_t index = 0; index < std::size(pairs_);) {
    const HuffmanCode code = first.FindShort(index << kSpareBits);
    if (!code.found() || code.length() > kLongest) {
      pairs_[index++] = CodePair::None();
    } else if (code.advance() == kEndOfBlock || code.length() >= kIndexBits) {
      CodePair* const begin = pairs_ + index;
      index += uint64_t{1} << (kIndexBits - code.code_length());
      std::fill(begin, pairs_ + index, CodePair(code));
    } else {
      PairUp(index, code, second);
      index += uint64_t{1} << (kIndexBits - code.length());
    }
  }
}

// What begins with `code` and a coefficient, from `index` on. Most pictures have tables of their
// own, for which this takes time: so what is of the first code is worked out once, and each second
// code only once, for all indices that begin with it.
void PairTable::PairUp(uint64_t index, HuffmanCode code, const HuffmanTable& second) {
  const unsigned length = code.length();
  const unsigned left = kIndexBits - length;  // bits for the second code
  const CodePair alone(code);
  const CodePair first(code, code.Coefficient(index << kSpareBits));
  const uint64_t count = uint64_t{1} << left;
  for (uint64_t i = 0; i < count;) {
    const HuffmanCode next = second.FindShort(i << (kSpareBits + length));
    CodePair* const begin = pairs_ + index + i;
    if (!next.found() || next.code_length() > left) {
      *begin = alone;
      ++i;
    } else {
      const uint64_t run = uint64_t{1} << (left - next.code_length());
      std::fill_n(begin, run, length + next.length() <= kLongest ? CodePair(first, next) : alone);
      i += run;
    }
  }
}

}  // namespace regcore
