// Decoding a part against decoding all, for kinds of JPEG that no Python encoder writes.
#include <gtest/gtest.h>

#include <algorithm>

#include "pipeline/images.h"

namespace regcore {
namespace {

struct Decoded {
  Status status;
  AlignedBuffer pixels;
  RgbView view;
  size_t warnings = 0;
  std::string first_warning;
};

// Whatever part is decoded, verdict and pixels are the same; and warnings, where all is looked at.
void CheckExtents(const Bytes& image, const Rect& wanted, JpegDecoder* decoder,
                  const std::string& name) {
  Decoded decoded[3];
  for (const DecodeExtent extent :
       {DecodeExtent::kWanted, DecodeExtent::kWantedChecked, DecodeExtent::kWhole}) {
    Decoded& d = decoded[static_cast<size_t>(extent)];
    d.status = decoder->Open(image.data(), image.size());
    if (!d.status.ok()) return;
    if (wanted.right > decoder->width() || wanted.bottom > decoder->height()) return;
    const size_t held = decoder->DecodeBytes();
    d.status = decoder->Decode(wanted, extent, nullptr, &d.pixels, &d.view);
    d.warnings = decoder->warnings();
    d.first_warning = decoder->first_warning();
    EXPECT_TRUE(d.pixels.capacity() <= held) << "memory of " << name;
  }
  const auto& [part, checked, whole] = decoded;
  EXPECT_TRUE(part.status.code() == whole.status.code() &&
              checked.status.code() == whole.status.code())
      << "verdict on " << name;
  if (!whole.status.ok()) return;
  EXPECT_TRUE(SameRegion(part.view, whole.view, wanted) &&
              SameRegion(checked.view, whole.view, wanted))
      << "region decode of " << name;
  EXPECT_TRUE(checked.warnings == whole.warnings &&
              (whole.warnings == 0 || checked.first_warning == whole.first_warning))
      << "warnings of " << name;
}

TEST(DecoderTest, PartsEqualTheWholeOfRareAndDamagedKinds) {
  Random random(1);
  JpegDecoder decoder({}, SupportedSimdLevels().back());
  for (int i = 0; i < 400; ++i) {
    JpegKind kind;
    kind.progressive = random.Between(0, 3) == 0;
    kind.arithmetic = random.Between(0, 3) == 0;
    kind.grey = random.Between(0, 5) == 0;
    kind.horizontal = random.Between(1, 4);
    kind.vertical = random.Between(1, std::min(4, 8 / kind.horizontal));  // 10 blocks to an MCU
    kind.rgb = random.Between(0, 3) == 0;
    kind.scarce_black = random.Between(0, 3) == 0;
    kind.inks = random.Between(0, 2) == 0 && HasRoomForInks(kind);
    kind.restart_rows = static_cast<unsigned>(random.Between(0, 2));
    const int width = random.Between(1, 150);
    const int height = random.Between(1, 150);
    const Bytes image = EncodeJpeg(width, height, kind, static_cast<uint32_t>(i));
    const Rect wanted = RandomPart(width, height, &random);
    const std::string name = "JPEG " + std::to_string(i);
    CheckExtents(image, wanted, &decoder, name);
    Bytes damaged = image;
    for (int hits = random.Between(1, 3); hits > 0; --hits) {
      const size_t at = static_cast<size_t>(random.Between(0, static_cast<int>(image.size()) - 1));
      damaged[at] = static_cast<uint8_t>(random.Between(0, 255));
    }
    if (random.Between(0, 3) == 0) {
      damaged.resize(static_cast<size_t>(random.Between(2, static_cast<int>(image.size()))));
    }
    CheckExtents(damaged, wanted, &decoder, "damaged " + name);
  }
}

}  // namespace
}  // namespace regcore
