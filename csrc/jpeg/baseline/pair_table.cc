#include "jpeg/baseline/pair_table.h"

#include <iterator>

namespace regcore {
namespace {

constexpr unsigned kIndexBits = HuffmanTable::kIndexBits;

}  // namespace

void PairTable::Build(const HuffmanTable& first, const HuffmanTable& second) {
  first_ = &first;
  for (uint64_t index = 0; index < std::size(pairs_); ++index) {
    pairs_[index] = PairAt(index << (64 - kIndexBits), second);
  }
}

CodePair PairTable::PairAt(uint64_t bits, const HuffmanTable& second) const {
  const HuffmanCode code = first_->FindShort(bits);
  if (!code.found() || code.length() > kLongest) return CodePair::None();
  if (code.advance() == kEndOfBlock || code.length() >= kIndexBits) return CodePair(code);
  const HuffmanCode next = second.FindShort(bits << code.length());
  const bool within = next.found() && code.length() + next.code_length() <= kIndexBits;
  if (!within || code.length() + next.length() > kLongest) return CodePair(code);
  return {code, code.Coefficient(bits), next};
}

}  // namespace regcore
