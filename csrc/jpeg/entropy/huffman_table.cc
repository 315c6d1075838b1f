#include "jpeg/entropy/huffman_table.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <numeric>

namespace regcore {
namespace {

constexpr int kShort = static_cast<int>(HuffmanTable::kIndexBits);

}  // namespace

HuffmanCode HuffmanTable::CodeOf(uint8_t symbol, int code_length) const {
  const unsigned run = symbol >> 4;
  const unsigned size = symbol & 15;
  if (class_ == HuffmanClass::kProgressiveAc && size == 0 && run != 15) {
    return {static_cast<unsigned>(code_length), run, kEndOfBlock};
  }
  // As libjpeg: without a coefficient, whatever is not a run of 16 zeros ends the block.
  const bool ends = class_ == HuffmanClass::kAc && size == 0 && run != 15;
  return {static_cast<unsigned>(code_length), size, ends ? kEndOfBlock : run + 1};
}

bool HuffmanTable::SizeFits(uint8_t symbol) const {
  return class_ == HuffmanClass::kDc ? symbol <= 11 : (symbol & 15) <= 10;
}

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
  const auto fits = [this](uint8_t symbol) { return SizeFits(symbol); };
  if (!std::all_of(symbols_, symbols_ + total, fits)) return false;
  std::fill(std::begin(codes_), std::end(codes_), HuffmanCode());
  // ITU-T T.81, C.2: codes of one length follow each other, and the next length goes on after
  // them.
  uint32_t code = 0;
  int symbol = 0;
  for (int length = 1; length <= 16; ++length) {
    offset_[length] = symbol - static_cast<int>(code);
    if (code + counts_[length] >= uint32_t{1} << length) return false;  // all ones are no code
    for (int i = 0; i < counts_[length]; ++i, ++code, ++symbol) {
      if (length > kShort) continue;
      const int free_bits = kShort - length;
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
  for (int length = kShort + 1; length <= 16; ++length) {
    if (next >= limit_[length]) continue;
    const int code = static_cast<int>(next >> (16 - length));
    return CodeOf(symbols_[code + offset_[length]], length);
  }
  return {1, 0, kNoCode};
}

}  // namespace regcore
