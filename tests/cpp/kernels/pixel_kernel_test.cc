// Alpha and sums by every level, and the divisions of unpremultiply by the formula itself.
#include <algorithm>
#include <memory>
#include <vector>

#include "kernels/kernel_test.h"
#include "random.h"
#include "resize/kernels.h"

namespace regcore {
namespace {

// Every colour with every alpha, in an order that puts all of them into every lane.
std::vector<uint8_t> EveryPixel() {
  std::vector<uint8_t> pixels;
  for (int alpha = 0; alpha < 256; ++alpha) {
    for (int colour = 0; colour < 259; ++colour) {
      for (int c = 0; c < 3; ++c) pixels.push_back(static_cast<uint8_t>(colour + 85 * c));
      pixels.push_back(static_cast<uint8_t>(alpha));
    }
  }
  return pixels;
}

using Convert = void (*)(const uint8_t*, size_t, uint8_t*);

std::vector<uint8_t> Converted(Convert convert, const std::vector<uint8_t>& pixels) {
  std::vector<uint8_t> out(pixels.size());
  convert(pixels.data(), pixels.size() / 4, out.data());
  return out;
}

TEST(PixelKernelTest, AlphaIsPillows) {
  const std::vector<uint8_t> pixels = EveryPixel();
  const std::vector<uint8_t> with = Converted(kPixelPortable.premultiply, pixels);
  const std::vector<uint8_t> without = Converted(kPixelPortable.unpremultiply, pixels);
  for (size_t i = 0; i < pixels.size(); ++i) {
    const int colour = pixels[i], alpha = pixels[i / 4 * 4 + 3];
    const bool is_alpha = i % 4 == 3;
    const int product = colour * alpha + 128;
    ASSERT_EQ(with[i], is_alpha ? alpha : ((product >> 8) + product) >> 8);
    const bool stays = is_alpha || alpha == 0 || alpha == 255;
    ASSERT_EQ(without[i], stays ? colour : std::min(255 * colour / alpha, 255));
  }
}

class PixelLevelTest : public LevelTest {};
INSTANTIATE_TEST_SUITE_P(Levels, PixelLevelTest, testing::ValuesIn(VectorLevels()), LevelName);

TEST_P(PixelLevelTest, AlphaEqualsPortable) {
  const std::vector<uint8_t> pixels = EveryPixel();
  const PixelKernel& kernel = PixelKernelFor(level());
  EXPECT_EQ(Converted(kernel.premultiply, pixels), Converted(kPixelPortable.premultiply, pixels));
  EXPECT_EQ(Converted(kernel.unpremultiply, pixels),
            Converted(kPixelPortable.unpremultiply, pixels));
  for (size_t count = 0; count < 40; ++count) {
    std::vector<uint8_t> in_place(pixels.begin(), pixels.begin() + static_cast<long>(4 * count));
    const std::vector<uint8_t> expected = Converted(kPixelPortable.premultiply, in_place);
    kernel.premultiply(in_place.data(), count, in_place.data());
    EXPECT_EQ(in_place, expected);
  }
}

TEST_P(PixelLevelTest, SumsEqualPortable) {
  Random random(1);
  for (size_t count = 0; count < 100; ++count) {
    const std::unique_ptr<uint8_t[]> bytes = random.Bytes(count);
    std::vector<uint16_t> sums(count, 65'400), expected(count, 65'400);
    PixelKernelFor(level()).add_bytes(bytes.get(), count, sums.data());
    kPixelPortable.add_bytes(bytes.get(), count, expected.data());
    EXPECT_EQ(sums, expected);
  }
}

}  // namespace
}  // namespace regcore
