// The decoder of progressive JPEGs against libjpeg-turbo, by every instruction set.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "jpeg/jpeg_decoder.h"
#include "jpeg/libjpeg_decoder.h"
#include "jpeg/progressive/progressive_decoder.h"
#include "pipeline/images.h"
#include "pipeline/level_decoders.h"

namespace regcore {
namespace {

JpegKind RandomProgression(Random* random) {
  JpegKind kind = RandomKind(random);
  kind.progressive = true;
  kind.random_scans = random->Between(0, 2) > 0;
  return kind;
}

TEST(ProgressionTest, EveryLevelEqualsLibjpeg) {
  Random random(11);
  LibjpegDecoder library({});
  LevelDecoders<ProgressiveDecoder> decoders(true);
  int sound_images = 0, smooth_images = 0;
  for (int i = 0; i < 600; ++i) {
    const JpegKind kind = RandomProgression(&random);
    const int width = random.Between(1, i % 10 == 0 ? 700 : 90);
    const int height = random.Between(1, 90);
    const Bytes image = EncodeJpeg(width, height, kind, static_cast<uint32_t>(i));
    const std::string name = "image " + std::to_string(i);
    const Rect wanted = RandomPart(width, height, &random);
    ProgressiveHeader header;
    ASSERT_TRUE(library.Open(image.data(), image.size()).ok() &&
                library.DescribeProgression(&header))
        << "header of " << name;
    ASSERT_EQ(ProgressiveDecoder::Takes(header), IsTaken(kind, width)) << "kind of " << name;
    if (!IsTaken(kind, width)) continue;
    const bool sound = decoders.EqualLibjpeg(header, wanted, name, &library, &random);
    smooth_images += kind.smooth ? 1 : 0;  // noise may be out of range
    sound_images += kind.smooth && sound ? 1 : 0;
  }
  EXPECT_TRUE(sound_images == smooth_images && smooth_images > 100)
      << "sound scans are not left to libjpeg";
}

// What libjpeg makes of damage, it makes of it here.
TEST(ProgressionTest, DamageIsLeftToLibjpeg) {
  Random random(12);
  JpegDecoder part({}, SupportedSimdLevels().back()), whole;
  size_t damaged = 0, refused = 0;
  for (int i = 0; i < 3000; ++i) {
    JpegKind kind = RandomProgression(&random);
    kind.smooth = true;
    const int width = random.Between(40, 90), height = random.Between(40, 90);
    Bytes image = EncodeJpeg(width, height, kind, static_cast<uint32_t>(i % 50));
    const int size = static_cast<int>(image.size());
    for (int change = random.Between(1, 3); change > 0; --change) {
      image[static_cast<size_t>(random.Between(size / 5, size - 1))] =
          static_cast<uint8_t>(random.Between(0, 255));
    }
    if (random.Between(0, 5) == 0)
      image.resize(static_cast<size_t>(random.Between(size / 2, size)));
    const std::string name = "damaged image " + std::to_string(i);
    AlignedBuffer pixels[2];
    RgbView views[2];
    Rect wanted;
    const auto decode = [&](JpegDecoder* decoder, DecodeExtent extent, int which) {
      const Status status = decoder->Open(image.data(), image.size());
      if (!status.ok()) return status.code();
      if (which == 0) wanted = RandomPart(decoder->width(), decoder->height(), &random);
      return decoder->Decode(wanted, extent, nullptr, &pixels[which], &views[which]).code();
    };
    const StatusCode code = decode(&whole, DecodeExtent::kWhole, 0);
    ASSERT_TRUE(decode(&part, DecodeExtent::kWantedChecked, 1) == code) << "verdict on " << name;
    const std::string first_warning = part.warnings() > 0 ? part.first_warning() : "";
    const size_t warnings = part.warnings();
    const bool is_same = code != StatusCode::kOk || SameRegion(views[0], views[1], wanted);
    ASSERT_TRUE(is_same) << "pixels of " << name;
    ASSERT_TRUE(decode(&part, DecodeExtent::kWanted, 1) == code) << "verdict on part of " << name;
    refused += code != StatusCode::kOk ? 1 : 0;
    if (code != StatusCode::kOk) continue;
    damaged += whole.warnings() > 0 ? 1 : 0;
    ASSERT_EQ(warnings, whole.warnings()) << name;
    ASSERT_EQ(first_warning, whole.first_warning()) << name;
    ASSERT_TRUE(SameRegion(views[0], views[1], wanted)) << "pixels of a part of " << name;
  }
  EXPECT_TRUE(damaged > 500 && refused > 500) << damaged << " damaged, " << refused << " refused";
}

}  // namespace
}  // namespace regcore
