#include "scan/huffman_table.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace regcore {

HuffmanCode HuffmanTable::CodeFor(uint8_t symbol, int code_length) const {
  HuffmanCode code;
  code.code_length = static_cast<uint8_t>(code_length);
  const int run = symbol >> 4;
  code.size = dc_ ? symbol : symbol & 15;
  code.length = static_cast<uint8_t>(code_length + code.size);
  code.advance = static_cast<uint8_t>(run + 1);
  // As libjpeg: without a coefficient, whatever is not a run of 16 zeros ends the block.
  if (code.size == 0 && run != 15) code.advance = kEndOfBlock;
  return code;
}

bool HuffmanTable::Build(const HuffmanSpec& spec, bool dc) {
  if (built_ && dc_ == dc && std::memcmp(counts_, spec.counts, sizeof(counts_)) == 0 &&
      std::memcmp(symbols_, spec.symbols, sizeof(symbols_)) == 0) {
    return true;
  }
  built_ = false;
  dc_ = dc;
  std::memcpy(counts_, spec.counts, sizeof(counts_));
  std::memcpy(symbols_, spec.symbols, sizeof(symbols_));
  const int total = std::accumulate(counts_ + 1, counts_ + 17, 0);
  if (total > 256) return false;
  const bool sizes_fit = std::all_of(symbols_, symbols_ + total, [dc](uint8_t symbol) {
    return dc ? symbol <= kLargestDcSize : (symbol & 15) <= kLargestAcSize;
  });
  if (!sizes_fit) return false;
  std::fill(std::begin(codes_), std::end(codes_), HuffmanCode());
  // ITU-T T.81, C.2: codes of one length follow each other, and the next length goes on behind them.
  uint32_t code = 0;
  int symbol = 0;
  for (int length = 1; length <= 16; ++length) {
    offset_[length] = symbol - static_cast<int>(code);
    if (code + counts_[length] >= uint32_t{1} << length) return false;  // all ones are no code
    for (int i = 0; i < counts_[length]; ++i, ++code, ++symbol) {
      if (length > kIndexBits) continue;
      const int free_bits = kIndexBits - length;
      HuffmanCode* first = codes_ + (code << free_bits);
      std::fill(first, first + (1 << free_bits), CodeFor(symbols_[symbol], length));
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
    return CodeFor(symbols_[code + offset_[length]], length);
  }
  HuffmanCode none;
  none.length = 1;
  none.advance = kNoCode;
  return none;
}

}  // namespace regcore
