// The text outputs of inference tools → float32, and back.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace regcore {

struct ScoreLine {
  size_t count = 0;   // numbers in the first line
  bool more = false;  // whether later lines hold anything but white space
};

// Reads the first line of `text`, numbers separated by spaces or tabs, as far as they fit into
// `scores`; the others are counted. A line ends where Python's text files end it: at \n, \r, \r\n.
//
// Each number becomes what numpy.float32(token) makes of it: rounded to double, and then to float,
// which is not always the nearest float. Beyond double's range it is infinity or zero. The words
// inf, infinity and nan are numbers, also in capitals; Python's 1_000 is none.
//
// kCorrupt says which value is not a number and where it stands, or that there is none.
Status ParseScoreLine(std::string_view text, std::span<float> scores, ScoreLine* line);

// Makes `line` the scores with nine significant digits, as printf's %.9g, separated by spaces, with
// a \n at the end. ParseScoreLine reads the same floats: nine digits lie so near to one that double
// rounding cannot lead to its neighbour. May throw std::bad_alloc.
void FormatScoreLine(std::span<const float> scores, std::string* line);

}  // namespace regcore
