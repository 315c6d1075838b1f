#include "jpeg/baseline/huffman_table.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <numeric>

namespace regcore {
namespace {

HuffmanCode CodeOf(uint8_t symbol, int code_length) {
  const unsigned run = symbol >> 4;
  const unsigned size = symbol & 15;
  // As libjpeg: without a coefficient, whatever is not a run of 16 zeros ends the block.
  const unsigned advance = size == 0 && run != 15 ? kEndOfBlock : run + 1;
  return {static_cast<unsigned>(code_length), size, advance};
}

}  // namespace

bool HuffmanTable::Build(const HuffmanSpec& spec, bool* rebuilt) {
  *rebuilt = false;
  if (built_ && std::memcmp(counts_, spec.counts, sizeof(counts_)) == 0 &&
      std::memcmp(symbols_, spec.symbols, sizeof(symbols_)) == 0) {
    return true;
  }
  *rebuilt = true;
  built_ = false;
  std::memcpy(counts_, spec.counts, sizeof(counts_));
  std::memcpy(symbols_, spec.symbols, sizeof(symbols_));
  const int total = std::accumulate(counts_ + 1, counts_ + 17, 0);
  if (total > 256) return false;
  const bool sizes_fit = std::all_of(symbols_, symbols_ + total, [this](uint8_t symbol) {
    return (symbol & size_mask_) <= largest_size_;
  });
  if (!sizes_fit) return false;
  std::fill(std::begin(codes_), std::end(codes_), HuffmanCode());
  // ITU-T T.81, C.2: codes of one length follow each other, and the next length goes on after
  // them.
  uint32_t code = 0;
  int symbol = 0;
  for (int length = 1; length <= 16; ++length) {
    offset_[length] = symbol - static_cast<int>(code);
    if (code + counts_[length] >= uint32_t{1} << length) return false;  // all ones are no code
    for (int i = 0; i < counts_[length]; ++i, ++code, ++symbol) {
      if (length > kIndexBits) continue;
      const int free_bits = kIndexBits - length;
      HuffmanCode* first = codes_ + (code << free_bits);
      std::fill(first, first + (1 << free_bits), CodeOf(symbols_[symbol], length));
    }
    limit_[length] = code << (16 - length);
    code <<= 1;
  }
  built_ = true;
  return true;
}

HuffmanCode HuffmanTable::FindLong(uint64_t bits) const {
  const uint32_t next = static_cast<uint32_t>(bits >> 48);
  for (int length = kIndexBits + 1; length <= 16; ++length) {
    if (next >= limit_[length]) continue;
    const int code = static_cast<int>(next >> (16 - length));
    return CodeOf(symbols_[code + offset_[length]], length);
  }
  return {1, 0, kNoCode};
}

bool PairTable::Build(const HuffmanSpec& spec) {
  bool rebuilt = false;
  if (!HuffmanTable::Build(spec, &rebuilt)) return false;
  if (!rebuilt) return true;
  for (uint32_t index = 0; index < std::size(pairs_); ++index) pairs_[index] = PairAt(index);
  return true;
}

HuffmanPair PairTable::PairAt(uint32_t index) const {
  const HuffmanCode first = codes_[index];
  if (!first.found()) return {0, kNoCode, kNoCode, 0, 0};
  if (first.length() > kIndexBits) return HuffmanPair(first);
  const uint64_t bits = uint64_t{index} << (64 - kIndexBits);
  const int16_t coefficient = first.Coefficient(bits);
  const HuffmanCode second = codes_[index << first.length() & (std::size(codes_) - 1)];
  const uint32_t length = first.length() + second.length();
  if (first.advance() == kEndOfBlock || !second.found() || length > kIndexBits) {
    return {first.length(), first.advance(), first.advance(), coefficient, coefficient};
  }
  return {length, first.advance(), first.advance() + second.advance(), coefficient,
          second.Coefficient(bits << first.length())};
}

}  // namespace regcore
