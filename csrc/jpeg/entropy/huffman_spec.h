// A Huffman table as a JPEG has it.
#pragma once

#include <cstdint>

namespace regcore {

// As in a DHT segment (ITU-T T.81, B.2.4.2): how many codes there are of each length from 1 to 16
// bits, and the symbols in the order of their codes.
struct HuffmanSpec {
  const uint8_t* counts = nullptr;   // [17], of which [0] means nothing
  const uint8_t* symbols = nullptr;  // [256]
};

}  // namespace regcore
