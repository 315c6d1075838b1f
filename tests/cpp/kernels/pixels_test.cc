// From coefficients to pixels: every level against plain loops.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "jpeg/pixels/coefficients.h"
#include "jpeg/pixels/kernels.h"
#include "kernels/kernel_test.h"
#include "random.h"

namespace regcore {
namespace {

FrameHeader HeaderOf(int blocks) {
  FrameHeader frame;
  frame.width = 8 * blocks;
  frame.height = 8;
  frame.components = 1;
  return frame;
}

struct Samples {
  explicit Samples(int blocks)
      : stride(static_cast<ptrdiff_t>(8 * blocks + 3 * 8)),
        bytes(static_cast<size_t>(8 * stride)) {}

  ptrdiff_t stride;
  std::vector<uint8_t> bytes;
};

// The coefficients of a row of blocks: few or many, small or as large as a header admits.
struct Blocks {
  Blocks(int count, Random* random) : values(64 * static_cast<size_t>(count)) {
    const int kind = random->Between(0, 3);
    for (int16_t& step : steps) {
      step = static_cast<int16_t>(kind == 3 ? random->Between(0, kLargestStep)
                                            : random->Between(1, 8 << (2 * kind)));
    }
    const int largest = kind == 3 ? 2047 : 1 << random->Between(1, 8);
    const int set = random->Between(0, 40) * count;
    for (int i = 0; i < set; ++i) {
      const int at = random->Between(0, 64 * count - 1);
      values[static_cast<size_t>(at)] = static_cast<int16_t>(random->Between(-largest, largest));
    }
  }

  std::vector<int16_t> values;  // 64 of each block, in zigzag order, the first at place 1
  int16_t steps[64];
};

bool InverseDct(const PixelKernels& kernels, const Blocks& blocks, int count, Samples* samples,
                bool* cleared) {
  Coefficients coefficients;
  if (!coefficients.Prepare(HeaderOf(count), count, 1, kernels.group).ok()) std::abort();
  for (int i = 0; i < count; ++i) {
    int16_t* block = coefficients.Row(0, 0).Block(i);
    for (size_t place = 0; place < 64; ++place) {
      block[coefficients.layout().offset[place + 1]] =
          blocks.values[64 * static_cast<size_t>(i) + place];
    }
  }
  const bool in_range =
      kernels.inverse_dct(coefficients.Row(0, 0).data, coefficients.groups(0, count), blocks.steps,
                          samples->bytes.data(), samples->stride);
  *cleared = true;
  for (int i = 0; i < count; ++i) {
    for (size_t place = 0; place < 64; ++place) {
      *cleared &= coefficients.Row(0, 0).Block(i)[coefficients.layout().offset[place + 1]] == 0;
    }
  }
  return in_range;
}

class PixelsTest : public LevelTest {};
INSTANTIATE_TEST_SUITE_P(Levels, PixelsTest, testing::ValuesIn(SupportedSimdLevels()), LevelName);

TEST_P(PixelsTest, InverseDctEqualsPortable) {
  Random random(5);
  const PixelKernels& kernels = PixelKernelsFor(level());
  const int cases = Cases(300, 3000);
  int cases_in_range = 0;
  for (int i = 0; i < cases; ++i) {
    const int count = random.Between(1, 9);
    const Blocks blocks(count, &random);
    Samples expected(count), actual(count);
    bool cleared = false;
    const bool in_range = InverseDct(kPixelKernelsPortable, blocks, count, &expected, &cleared);
    EXPECT_TRUE(InverseDct(kernels, blocks, count, &actual, &cleared) == in_range && cleared)
        << "blocks in range, " << SimdName(level());
    if (!in_range) continue;
    ++cases_in_range;
    bool equal = true;
    for (int row = 0; row < 8; ++row) {
      equal &= std::memcmp(expected.bytes.data() + row * expected.stride,
                           actual.bytes.data() + row * actual.stride,
                           static_cast<size_t>(8 * count)) == 0;
    }
    EXPECT_TRUE(equal) << "inverse DCT, " << SimdName(level());
  }
  EXPECT_TRUE(cases_in_range > cases / 3 && cases_in_range < cases) << "blocks in and out of range";
}

// At the bounds themselves, which every level knows from the same header.
TEST_P(PixelsTest, BoundsOfTheInverseDct) {
  const auto is_in_range = [&](int ones, int first, int step) {
    Random random(1);
    Blocks blocks(9, &random);
    std::fill(blocks.values.begin(), blocks.values.end(), int16_t{0});
    std::fill(std::begin(blocks.steps), std::end(blocks.steps), static_cast<int16_t>(step));
    int16_t* block = blocks.values.data() + 64 * 7;
    block[0] = static_cast<int16_t>(first);
    // Signs that change keep the pixels small.
    for (int i = 1; i <= ones; ++i) block[i] = static_cast<int16_t>(i % 2 == 0 ? 100 : -100);
    Samples samples(9);
    bool cleared = false;
    return InverseDct(PixelKernelsFor(level()), blocks, 9, &samples, &cleared);
  };
  const std::string name = std::string(" of ") + SimdName(level());
  EXPECT_TRUE(is_in_range(59, 0, 1) && !is_in_range(59, 1, 1) && !is_in_range(59, -1, 1))
      << "sums" << name;
  EXPECT_TRUE(is_in_range(0, 1022, 4) && !is_in_range(0, 1024, 4)) << "largest pixel" << name;
  EXPECT_TRUE(is_in_range(0, -1024, 4) && !is_in_range(0, -1026, 4)) << "smallest pixel" << name;
  EXPECT_TRUE(!is_in_range(0, 2047, 255) && !is_in_range(59, 0, kLargestStep))
      << "blocks out of range" << name;
}

// The bytes that a kernel may read, and not one more.
struct Row {
  Row(size_t count, Random* random) : bytes(random->Bytes(1 + count + kSampleSlack)) {}

  const uint8_t* samples() const { return bytes.get() + 1; }

  std::unique_ptr<uint8_t[]> bytes;
};

TEST_P(PixelsTest, UpsamplingEqualsPortable) {
  Random random(6);
  const PixelKernels& kernels = PixelKernelsFor(level());
  for (size_t count = 1; count < 140; ++count) {
    const Row near(count, &random), far(count, &random);
    std::vector<uint8_t> expected(2 * count + kSampleSlack), actual(2 * count + kSampleSlack);
    kPixelKernelsPortable.upsample_h2v1(near.samples(), count, expected.data());
    kernels.upsample_h2v1(near.samples(), count, actual.data());
    EXPECT_TRUE(std::memcmp(expected.data(), actual.data(), 2 * count) == 0)
        << "h2v1, " << SimdName(level());
    kPixelKernelsPortable.upsample_h2v2(near.samples(), far.samples(), count, expected.data());
    kernels.upsample_h2v2(near.samples(), far.samples(), count, actual.data());
    EXPECT_TRUE(std::memcmp(expected.data(), actual.data(), 2 * count) == 0)
        << "h2v2, " << SimdName(level());
  }
}

// By a level's kernel of those colours, from rows of `count` samples.
std::vector<uint8_t> Rgb(ToRgb to_rgb, const Row (&rows)[kMaxComponents], size_t count) {
  std::vector<uint8_t> rgb(3 * (count + kSampleSlack));
  to_rgb({{rows[0].samples(), rows[1].samples(), rows[2].samples(), rows[3].samples()}}, count,
         rgb.data());
  rgb.resize(3 * count);
  return rgb;
}

TEST_P(PixelsTest, ColourEqualsPortable) {
  Random random(7);
  const auto check = [&](const Row(&rows)[kMaxComponents], size_t count) {
    for (const auto kernel : {&PixelKernels::ycc_to_rgb, &PixelKernels::planes_to_rgb,
                              &PixelKernels::cmyk_to_rgb, &PixelKernels::ycck_to_rgb}) {
      EXPECT_TRUE(Rgb(kPixelKernelsPortable.*kernel, rows, count) ==
                  Rgb(PixelKernelsFor(level()).*kernel, rows, count))
          << "RGB, " << SimdName(level());
    }
  };
  for (size_t count = 1; count < 200; ++count) {
    const Row rows[] = {{count, &random}, {count, &random}, {count, &random}, {count, &random}};
    check(rows, count);
  }
  // Every pair of chroma samples, with luma at both ends and in between.
  for (int cb = 0; cb < 256; ++cb) {
    constexpr size_t kCount = 3 * 256;
    Row rows[] = {{kCount, &random}, {kCount, &random}, {kCount, &random}, {kCount, &random}};
    for (size_t i = 0; i < kCount; ++i) {
      uint8_t& luma = rows[0].bytes[1 + i];
      luma = static_cast<uint8_t>(i % 3 == 0 ? 0 : i % 3 == 1 ? 255 : luma);
      rows[1].bytes[1 + i] = static_cast<uint8_t>(cb);
      rows[2].bytes[1 + i] = static_cast<uint8_t>(i / 3);
    }
    check(rows, kCount);
  }
}

// Pillow's formula, of inks that are not inverted.
TEST_P(PixelsTest, InksArePillows) {
  Random random(8);
  for (int black = 0; black < 256; ++black) {
    Row rows[] = {{256, &random}, {256, &random}, {256, &random}, {256, &random}};
    for (int ink = 0; ink < 256; ++ink) {
      const size_t at = 1 + static_cast<size_t>(ink);
      for (int c = 0; c < 3; ++c) rows[c].bytes[at] = static_cast<uint8_t>(ink + 85 * c);
      rows[3].bytes[at] = static_cast<uint8_t>(black);
    }
    const std::vector<uint8_t> rgb = Rgb(PixelKernelsFor(level()).cmyk_to_rgb, rows, 256);
    for (size_t i = 0; i < rgb.size(); ++i) {
      const int ink = 255 - static_cast<int>((i / 3 + 85 * (i % 3)) % 256);
      const int product = ink * black + 128;
      ASSERT_EQ(rgb[i], black - ((product + (product >> 8)) >> 8)) << SimdName(level());
    }
  }
}

}  // namespace
}  // namespace regcore
