// The readers of a scan's data against one that takes bit by bit.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "jpeg/baseline/kernels.h"
#include "jpeg/entropy/entropy_segments.h"
#include "kernels/kernel_test.h"
#include "kernels/random_code.h"
#include "random.h"

namespace regcore {
namespace {

class BitByBit {
 public:
  explicit BitByBit(const std::vector<uint8_t>& bytes) : bytes_(bytes) {}

  int Bit() {
    const size_t byte = at_ / 8;
    const int bit = byte < bytes_.size() ? bytes_[byte] >> (7 - at_ % 8) & 1 : 0;
    ++at_;
    return bit;
  }

  int Bits(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) value = 2 * value + Bit();
    return value;
  }

  // ITU-T T.81, F.2.2.1 and F.2.2.3. -1: no code.
  int Symbol(const RandomCode& code) {
    int value = 0, first = 0, index = 0;
    for (int length = 1; length <= 16; ++length) {
      value = 2 * value + Bit();
      first = 2 * first;
      if (value - first < code.counts[length]) return code.symbols[index + value - first];
      first += code.counts[length];
      index += code.counts[length];
    }
    return -1;
  }

  int Coefficient(int size) {
    const int value = Bits(size);
    return size > 0 && value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  size_t at() const { return at_; }

 private:
  const std::vector<uint8_t>& bytes_;
  size_t at_ = 0;
};

// ITU-T T.81, F.2.2.1 and F.2.2.2; coefficients by their place in the zigzag order.
bool ReadSlowly(const RandomCode& dc, const RandomCode& ac, BitByBit* bits, int16_t* block) {
  const int size = bits->Symbol(dc);
  if (size < 0) return false;
  block[0] = static_cast<int16_t>(bits->Coefficient(size));
  for (int place = 1; place < 64; ++place) {
    const int symbol = bits->Symbol(ac);
    if (symbol < 0) return false;
    const int run = symbol >> 4;
    if ((symbol & 15) == 0) {
      if (run != 15) return true;
      place += 15;
      if (place > 63) return false;
      continue;
    }
    place += run;
    if (place > 63) return false;
    block[place] = static_cast<int16_t>(bits->Coefficient(symbol & 15));
  }
  return true;
}

std::vector<uint8_t> AcSymbols(Random* random) {
  std::vector<uint8_t> symbols;
  const int largest_run = random->Between(0, 15);
  const int largest_size = random->Between(1, 10);
  for (int run = 0; run <= largest_run; ++run) {
    for (int size = 1; size <= largest_size; ++size) {
      symbols.push_back(static_cast<uint8_t>(run << 4 | size));
    }
  }
  for (int run = 1; run < 15; run += random->Between(1, 8)) {  // ends of blocks, to libjpeg
    symbols.push_back(static_cast<uint8_t>(run << 4));
  }
  symbols.push_back(0x00);
  symbols.push_back(0xF0);
  return symbols;
}

// Blocks by all tables of one component, each of 64 coefficients and one of what has no place.
class BlocksTest : public LevelTest {
 protected:
  static constexpr size_t kSize = 65;

  BlocksTest() {
    std::fill(std::begin(layout_.offset), std::end(layout_.offset), static_cast<uint16_t>(64));
    for (unsigned place = 1; place <= 64; ++place) {
      layout_.offset[place] = static_cast<uint16_t>(place - 1);
    }
  }

  bool Build(const RandomCode& dc, const RandomCode& ac) {
    bool rebuilt = false;
    if (!dc_codes_.Build(dc.spec(), &rebuilt) || !ac_codes_.Build(ac.spec(), &rebuilt))
      return false;
    ac_.Build(ac_codes_, ac_codes_);
    dc_.Build(dc_codes_, ac_codes_);
    return true;
  }

  // `blocks` one after the other, without what has no place.
  bool Read(const uint8_t* end, BitReader* reader, std::vector<int16_t>* blocks) {
    const size_t count = blocks->size() / kSize;
    std::vector<BlockTarget> targets;
    for (size_t i = 0; i < count; ++i) targets.push_back({&(*blocks)[kSize * i], &dc_, &ac_});
    targets.push_back({nullptr, &dc_, &ac_});
    const bool read = ReadBlocksFor(level())(targets.data(), count, layout_, end, reader);
    for (size_t i = 0; i < count; ++i) (*blocks)[kSize * i + 64] = 0;
    return read;
  }

 private:
  BlockLayout layout_;
  HuffmanTable dc_codes_{HuffmanClass::kDc}, ac_codes_{HuffmanClass::kAc};
  PairTable dc_, ac_;
};

TEST_P(BlocksTest, BlocksAreThoseOfABitByBitReader) {
  Random random(6);
  const int cases = Cases(300, 3000);
  std::vector<uint8_t> dc_symbols;
  for (uint8_t size = 0; size <= 11; ++size) dc_symbols.push_back(size);
  int sound = 0, damaged = 0;
  for (int i = 0; i < cases; ++i) {
    const RandomCode dc(dc_symbols, &random), ac(AcSymbols(&random), &random);
    ASSERT_TRUE(Build(dc, ac)) << "a Huffman code is refused";
    const size_t size = static_cast<size_t>(random.Between(1, 600));
    // In memory of its own, of which a sanitizer sees the end.
    std::vector<uint8_t> padded(size + EntropySegments::kReadAhead);
    for (size_t k = 0; k < size; ++k) padded[k] = static_cast<uint8_t>(random.Between(0, 255));
    const uint8_t* end = padded.data() + size;
    BitByBit slow(padded);
    BitReader reader(padded.data());
    for (bool go_on = true; go_on;) {
      const size_t count = static_cast<size_t>(random.Between(1, 6));
      std::vector<int16_t> expected(kSize * count), actual(kSize * count);
      for (size_t k = 0; go_on && k < count; ++k) {
        go_on = ReadSlowly(dc, ac, &slow, &expected[kSize * k]) && slow.at() <= 8 * size;
      }
      ASSERT_EQ(Read(end, &reader, &actual), go_on) << "verdict on blocks";
      ++(go_on ? sound : damaged);
      if (!go_on) break;
      EXPECT_EQ(expected, actual);
      EXPECT_EQ(reader.Left(end), static_cast<int64_t>(8 * size - slow.at()));
    }
  }
  EXPECT_GT(sound, cases);
  EXPECT_EQ(damaged, cases);
}

INSTANTIATE_TEST_SUITE_P(Levels, BlocksTest, testing::ValuesIn(SupportedSimdLevels()), LevelName);

// There are more codes than there can be of a length, or one of ones alone.
TEST(EntropyTest, CodesThatLibjpegRefusesAreRefused) {
  const uint8_t symbols[256] = {1, 2, 3};
  HuffmanTable table(HuffmanClass::kDc);
  bool rebuilt = false;
  const uint8_t too_many[17] = {0, 3}, ones[17] = {0, 2}, fits[17] = {0, 1, 1};
  EXPECT_TRUE(!table.Build({too_many, symbols}, &rebuilt)) << "three codes of one bit";
  EXPECT_TRUE(!table.Build({ones, symbols}, &rebuilt)) << "a code of ones";
  EXPECT_TRUE(table.Build({fits, symbols}, &rebuilt) && rebuilt) << "a code that fits";
  EXPECT_TRUE(table.Build({fits, symbols}, &rebuilt) && !rebuilt) << "the same code again";
  const uint8_t large[256] = {11, 12};
  EXPECT_TRUE(!table.Build({fits, large}, &rebuilt)) << "a coefficient too large";
  const uint8_t with_run[256] = {1, 0x12};
  EXPECT_TRUE(!table.Build({fits, with_run}, &rebuilt)) << "a run before a first coefficient";
}

// Every byte but the zeros after 0xFF, up to a marker.
TEST(EntropyTest, SegmentsHoldEveryByteUpToTheirMarker) {
  Random random(7);
  EntropySegments segments;
  for (int i = 0; i < 300; ++i) {
    std::vector<std::vector<uint8_t>> expected(static_cast<size_t>(random.Between(1, 4)));
    std::vector<uint8_t> data;
    for (size_t s = 0; s < expected.size(); ++s) {
      for (int bytes = random.Between(0, 300); bytes > 0; --bytes) {
        const int kind = random.Between(0, 9);
        const uint8_t byte = static_cast<uint8_t>(kind == 0 ? 0xFF : random.Between(0, 255));
        expected[s].push_back(byte);
        data.push_back(byte);
        if (byte == 0xFF) data.push_back(0);
      }
      data.push_back(0xFF);
      data.push_back(static_cast<uint8_t>(0xD0 + s));
    }
    data.push_back(0xFF);  // half a marker
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[data.size()]);
    std::copy(data.begin(), data.end(), exact.get());
    bool equal = segments.Open(exact.get(), data.size()).ok();
    for (size_t s = 0; s < expected.size(); ++s) {
      equal = equal && segments.Next() && segments.marker() == 0xD0 + s &&
              std::equal(expected[s].begin(), expected[s].end(), segments.begin(), segments.end());
    }
    EXPECT_TRUE(equal && !segments.Next()) << "segments of a scan";
  }
}

}  // namespace
}  // namespace regcore
