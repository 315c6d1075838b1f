#include "score_files/score_text.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <system_error>

#include "base/subnormals.h"

namespace regcore {
namespace {

constexpr size_t kShownBytes = 24;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

const char* SkipBlanks(const char* at, const char* end) {
  while (at != end && IsBlank(*at)) ++at;
  return at;
}

std::string_view FirstLine(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.substr(0, line.find('\r'));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr double kPowersOfTen[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// Appends the digits at the start of [at, end) to `value`, modulo 2^64; returns where they end.
const char* TakeDigits(const char* at, const char* end, uint64_t* value) {
  for (; at != end && IsDigit(*at); ++at) *value = 10 * *value + static_cast<uint64_t>(*at - '0');
  return at;
}

// The same, eight at a time, without a branch on their number: no predictor knows how many digits
// follow a point.
const char* TakeManyDigits(const char* at, const char* end, uint64_t* value) {
  constexpr uint64_t kPowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  while (std::endian::native == std::endian::little && end - at >= 8) {
    uint64_t bytes;
    std::memcpy(&bytes, at, 8);
    bytes ^= 0x3030303030303030;  // digits become 0 to 9; what is above has a high bit in `others`
    const uint64_t others = (bytes | (bytes + 0x7676767676767676)) & 0x8080808080808080;
    const int count = std::countr_zero(others) / 8;  // 8 where there is none
    // The digits move up after zeros; then pairs, fours, and all become one number.
    bytes = count ? bytes << (64 - 8 * count) : 0;
    bytes = (bytes * 10 + (bytes >> 8)) & 0x00ff00ff00ff00ff;
    bytes = (bytes * 100 + (bytes >> 16)) & 0x0000ffff0000ffff;
    bytes = (bytes * 10000 + (bytes >> 32)) & 0xffffffff;
    *value = *value * kPowers[count] + bytes;
    at += count;
    if (count < 8) return at;
  }
  return TakeDigits(at, end, value);
}

// The usual number, twice as fast as from_chars: at most 15 digits, with a point or without. It is
// the integer of its digits over a power of ten. Both are exact in double, so that the division
// rounds once, to the double nearest the number, as from_chars does. nullptr leaves it to that.
static_assert(FLT_EVAL_METHOD == 0);
const char* ParseShortDecimal(const char* begin, const char* end, double* value) {
  uint64_t digits = 0;
  const char* const point = TakeDigits(begin, end, &digits);
  const char* at = point;
  ptrdiff_t places = 0;
  if (at != end && *at == '.') {
    at = TakeManyDigits(at + 1, end, &digits);
    places = at - point - 1;
  }
  const ptrdiff_t count = point - begin + places;
  if (count < 1 || count > 15 || (at != end && !IsBlank(*at))) return nullptr;
  *value = static_cast<double>(digits) / kPowersOfTen[places];
  return at;
}

// Whether a number without a sign that is beyond double's range is too large, not too small: its
// first digit that is not zero stands before the point, once the exponent has moved that.
bool IsHuge(std::string_view number) {
  const size_t exponent_at = std::min(number.find_first_of("eE"), number.size());
  const std::string_view digits = number.substr(0, exponent_at);
  const std::string_view whole = digits.substr(0, digits.find('.'));
  long exponent = 0;
  if (exponent_at < number.size()) {
    const char* begin = number.data() + exponent_at + 1;
    if (*begin == '+') ++begin;
    const char* end = number.data() + number.size();
    if (std::from_chars(begin, end, exponent).ec != std::errc()) return *begin != '-';
  }
  return exponent >
         static_cast<long>(digits.find_first_not_of("0.")) - static_cast<long>(whole.size());
}

// The rest: exponents, words, any number of digits. Returns where the number ends, or nullptr.
const char* ParseAny(const char* begin, const char* end, double* value) {
  if (begin == end || *begin == '-') return nullptr;  // from_chars takes a sign
  const auto [stop, error] = std::from_chars(begin, end, *value);
  // nan(...) is a number to C++, but not to Python.
  if (error == std::errc::invalid_argument || stop[-1] == ')') return nullptr;
  if (error == std::errc::result_out_of_range) {
    const bool huge = IsHuge({begin, static_cast<size_t>(stop - begin)});
    *value = huge ? std::numeric_limits<double>::infinity() : 0;
  }
  return stop;
}

// The number at the start of [begin, end); where it ends, or nullptr where there is none.
const char* ParseNumber(const char* begin, const char* end, float* value) {
  const bool negative = *begin == '-';
  if (negative || *begin == '+') ++begin;
  double parsed = 0;
  const char* stop = ParseShortDecimal(begin, end, &parsed);
  if (stop == nullptr) stop = ParseAny(begin, end, &parsed);
  *value = static_cast<float>(negative ? -parsed : parsed);
  return stop;
}

// The word at the start of [begin, end), as a terminal can show it.
std::string Quoted(const char* begin, const char* end) {
  std::string shown = "'";
  for (; begin != end && !IsBlank(*begin); ++begin) {
    if (shown.size() > kShownBytes) return shown + "...'";
    shown += *begin > ' ' && *begin < 0x7f ? *begin : '?';
  }
  return shown + "'";
}

}  // namespace

Status ParseScoreLine(std::string_view text, std::span<float> scores, ScoreLine* line) {
  const SubnormalsKept mode;
  const std::string_view first = FirstLine(text);
  const char* const begin = first.data();
  const char* const end = begin + first.size();
  *line = {.count = 0, .more = text.find_first_not_of(" \t\r\n", first.size()) != text.npos};
  for (const char* at = SkipBlanks(begin, end); at != end;) {
    float value;
    const char* const stop = ParseNumber(at, end, &value);
    if (stop == nullptr || (stop != end && !IsBlank(*stop))) {
      return {StatusCode::kCorrupt, "value " + std::to_string(line->count + 1) + ", at column " +
                                        std::to_string(at - begin + 1) +
                                        ", is not a number: " + Quoted(at, end)};
    }
    if (line->count < scores.size()) scores[line->count] = value;
    ++line->count;
    at = SkipBlanks(stop, end);
  }
  if (line->count == 0) {
    return {StatusCode::kCorrupt, text.empty() ? "the file is empty" : "the first line is empty"};
  }
  return {};
}

void FormatScoreLine(std::span<const float> scores, std::string* line) {
  constexpr int kDigits = 9;
  constexpr size_t kLongest = 16;  // -1.23456789e-38 and a space
  const SubnormalsKept mode;
  line->resize(scores.size() * kLongest + 1);
  char* at = line->data();
  for (const float score : scores) {
    at = std::to_chars(at, at + kLongest, score, std::chars_format::general, kDigits).ptr;
    *at++ = ' ';
  }
  if (!scores.empty()) --at;
  *at++ = '\n';
  line->resize(static_cast<size_t>(at - line->data()));
}

}  // namespace regcore
