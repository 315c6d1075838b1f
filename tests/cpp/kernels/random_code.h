// Huffman codes made up for the tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "jpeg/entropy/huffman_spec.h"
#include "random.h"

namespace regcore {

// A random Huffman code of `symbols`, complete or not.
struct RandomCode {
  uint8_t counts[17] = {};
  uint8_t symbols[256] = {};

  RandomCode(std::vector<uint8_t> all, Random* random) {
    for (size_t i = all.size(); i > 1; --i) {
      std::swap(all[i - 1], all[static_cast<size_t>(random->Between(0, static_cast<int>(i) - 1))]);
    }
    int free_codes = 1;
    size_t used = 0;
    for (int length = 1; length <= 16; ++length) {
      free_codes = std::min(2 * free_codes, 1 << 16);
      const int left = static_cast<int>(std::min(all.size() - used, size_t{255}));
      // One stays free, for longer codes, or as the code of ones that is none.
      const int count = std::min(random->Between(0, std::max(0, free_codes - 1)), left);
      counts[length] = static_cast<uint8_t>(count);
      free_codes -= count;
      used += static_cast<size_t>(count);
    }
    std::copy(all.begin(), all.begin() + static_cast<ptrdiff_t>(used), symbols);
  }

  HuffmanSpec spec() const { return {counts, symbols}; }
};

}  // namespace regcore
