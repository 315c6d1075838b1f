// The parser of scores against strtod, and on bytes that are no scores. The C library rounds a
// decimal number correctly as well, as long as nobody sets a locale.
#include "score_files/score_text.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/kernel_test.h"
#include "random.h"

namespace regcore {
namespace {

// Parses a copy with nothing past its end.
Status Parse(const std::string& text, std::vector<float>* scores, ScoreLine* line) {
  const std::unique_ptr<char[]> copy(new char[text.size()]);
  std::memcpy(copy.get(), text.data(), text.size());
  return ParseScoreLine({copy.get(), text.size()}, *scores, line);
}

bool SameBits(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); }

void CheckNumber(const std::string& token) {
  std::vector<float> scores(1);
  ScoreLine line;
  const Status status = Parse(token, &scores, &line);
  const float expected = static_cast<float>(std::strtod(token.c_str(), nullptr));
  EXPECT_TRUE(status.ok() && line.count == 1 && !line.more && SameBits(scores[0], expected))
      << "number " << token;
}

constexpr const char* kNumbers[] = {
    "0",
    "-0",
    "+1.5",
    "5.",
    ".5",
    "-.5e1",
    "007",
    "1E5",
    "1e+5",
    "1.e-5",
    "inf",
    "-Infinity",
    "+INF",
    "nan",
    "-NaN",
    // Just above the middle of two floats, but not of the doubles between them: rounded twice.
    "1.00000005960464477539062500001",
    "16777217",
    "33554434.000000001",
    // At 15 digits the short way ends.
    "123456789012345",
    "1234567890.12345",
    "0.00000000000001",
    "1234567890123456",
    "0.000000000000001",
    "9007199254740993",
    // At and beyond the limits of float and double.
    "3.4028235e38",
    "3.4028236e38",
    "1e39",
    "1e-45",
    "7e-46",
    "1.7976931348623157e308",
    "1.8e308",
    "-1e400",
    "1e-400",
    "-1e-400",
    "4.9e-324",
    "2e-324",
    "1e99999999999999999999",
    "-1e-99999999999999999999",
    "0.0000000000000000000000000000001e-300",
    "12345678901234567890123456789012345678901234567890e300",
    "0e99999999999999999999",
};

constexpr const char* kNotNumbers[] = {
    "-",     "+", ".",  "e5",  "1e", "1e+",   "--1",    "+-1",      "1.2.3",         "0x10",
    "1_000", ",", "1,", "abc", "1a", "infin", "nan(1)", "\x01\xff", "\xef\xbb\xbf+1"};

TEST(ScoreTextTest, KnownNumbersAndNoNumbers) {
  for (const char* number : kNumbers) CheckNumber(number);
  std::vector<float> scores(4);
  ScoreLine line;
  for (const char* word : kNotNumbers) {
    const Status status = Parse(std::string("1\t 2 ") + word, &scores, &line);
    EXPECT_TRUE(status.message().starts_with("value 3, at column 6, is not a number: '"))
        << "not a number: " << word << ": " << status.message();
  }
}

struct KnownLine {
  std::string text;
  size_t count;
  bool more;
};

TEST(ScoreTextTest, EndsOfLines) {
  const KnownLine lines[] = {{"1 2 3", 3, false},
                             {"1 2 3 \n", 3, false},
                             {" 1\t2  3 \r\n", 3, false},
                             {"1 2 3\r4", 3, true},
                             {"1 2 3\n\n \t\r\n", 3, false},
                             {"1 2 3\n\n x", 3, true},
                             {"1 2 3 4 5 6", 6, false},
                             {"1", 1, false}};
  for (const KnownLine& known : lines) {
    std::vector<float> scores(3, 0);
    ScoreLine line;
    const Status status = Parse(known.text, &scores, &line);
    EXPECT_TRUE(status.ok() && line.count == known.count && line.more == known.more &&
                scores[0] == 1 && scores[2] == (known.count > 2 ? 3 : 0))
        << "line " << known.text;
  }
  for (const char* empty : {"", "\n1 2", "  \t \r\n 1", "\r"}) {
    std::vector<float> scores(3);
    ScoreLine line;
    EXPECT_TRUE(!Parse(empty, &scores, &line).ok()) << "empty line " << empty;
  }
}

TEST(ScoreTextTest, RandomNumbersEqualStrtod) {
  const int count = Cases(10'000, 100'000);
  Random random(4);
  char token[64];
  for (int i = 0; i < count; ++i) {
    const double value = random.Real(-1, 1) * random.Scale(1e-12, 1e12);
    const int digits = random.Between(0, 20);
    const char* form = i % 3 == 0 ? "%.*f" : i % 3 == 1 ? "%.*g" : "%.*e";
    std::snprintf(token, sizeof(token), form, digits, value);
    CheckNumber(token);
  }
}

// The plain way: the words of the first line, each taken by strtod to its last byte. False where
// one is no number, or there is none.
bool ParseByWords(const std::string& text, std::vector<float>* values) {
  std::string line = text.substr(0, text.find_first_of("\r\n"));
  for (char& c : line) c = c == '\t' ? ' ' : c;
  std::istringstream words(line);
  for (std::string word; std::getline(words, word, ' ');) {
    if (word.empty()) continue;
    char* end = nullptr;
    values->push_back(static_cast<float>(std::strtod(word.c_str(), &end)));
    // strtod knows 0x1 and nan(1), and stops at a NUL.
    if (end != word.c_str() + word.size() || word.find_first_of("x(") != word.npos) return false;
  }
  return !values->empty();
}

TEST(ScoreTextTest, RandomBytesEqualTheWordsByStrtod) {
  const int count = Cases(10'000, 100'000);
  constexpr char kBytes[] = {'0', '1', '9', '.', '-', '+', 'e',  'E',  'i',  'n',  'f', 'a',
                             '(', ')', ' ', ' ', ' ', ' ', '\t', '\n', '\r', '\0', 'x', '\x80'};
  Random random(5);
  for (int i = 0; i < count; ++i) {
    std::string text(static_cast<size_t>(random.Between(0, 12)), ' ');
    for (char& c : text) c = kBytes[random.Between(0, sizeof(kBytes) - 1)];
    std::vector<float> expected;
    const bool ok = ParseByWords(text, &expected);
    std::vector<float> scores(static_cast<size_t>(random.Between(0, 5)), 0);
    expected.resize(std::max(expected.size(), scores.size()), 0);
    ScoreLine line;
    const Status status = Parse(text, &scores, &line);
    const bool equal = std::equal(scores.begin(), scores.end(), expected.begin(), SameBits);
    EXPECT_TRUE(status.ok() == ok && (!ok || equal)) << "bytes " << text;
  }
}

// Random bits are floats of every size; written and read they stay the same.
TEST(ScoreTextTest, WrittenScoresAreReadAsTheyWere) {
  const int count = Cases(10'000, 100'000);
  Random random(6);
  for (int i = 0; i < count; ++i) {
    std::vector<float> scores(static_cast<size_t>(random.Between(1, 5)));
    std::string expected;
    for (float& score : scores) {
      score = std::bit_cast<float>(static_cast<uint32_t>(random.Between(0, 0xffff)) << 16 |
                                   static_cast<uint32_t>(random.Between(0, 0xffff)));
      if (std::isnan(score)) score = std::numeric_limits<float>::quiet_NaN();
      char token[32];
      std::snprintf(token, sizeof(token), "%s%.9g", expected.empty() ? "" : " ",
                    static_cast<double>(score));
      expected += token;
    }
    std::string text;
    FormatScoreLine(scores, &text);
    EXPECT_TRUE(text == expected + "\n") << "written as " << text;
    std::vector<float> read(scores.size());
    ScoreLine line;
    const Status status = Parse(text, &read, &line);
    EXPECT_TRUE(status.ok() && line.count == scores.size() &&
                std::equal(scores.begin(), scores.end(), read.begin(), SameBits))
        << "written and read: " << text;
  }
}

}  // namespace
}  // namespace regcore
