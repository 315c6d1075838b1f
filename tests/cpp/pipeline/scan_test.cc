// The decoder of sound baseline scans against libjpeg-turbo, by every instruction set.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "jpeg/baseline/baseline_decoder.h"
#include "jpeg/jpeg_decoder.h"
#include "jpeg/libjpeg_decoder.h"
#include "pipeline/images.h"
#include "pipeline/level_decoders.h"

namespace regcore {
namespace {

// Where a segment's code is, after its 0xFF.
size_t MarkerOf(const Bytes& image, uint8_t code) {
  const uint8_t marker[] = {0xFF, code};
  return static_cast<size_t>(std::search(image.begin(), image.end(), marker, marker + 2) -
                             image.begin() + 1);
}

// One byte of a header changed, so that libjpeg alone can say what is to become of the image.
TEST(BaselineTest, RareHeadersAreLeftToLibjpeg) {
  JpegKind kind;
  kind.horizontal = kind.vertical = 1;
  kind.smooth = true;
  const Bytes image = EncodeJpeg(40, 30, kind, 1);
  // Behind their codes: length (2), then of a frame precision (1), size (4), number of components
  // (1), and of each its name, factors and quantisation table; of a scan number of components (1),
  // of each its name and its tables (2), and the range of coefficients (3).
  const size_t frame = MarkerOf(image, 0xC0), scan = MarkerOf(image, 0xDA);
  struct Change {
    const char* what;
    size_t at;
    uint8_t value;
    bool described;
  };
  const Change changes[] = {
      {"nothing", frame, 0xC0, true},
      {"extended", frame, 0xC1, true},
      {"luma of 4 x 1", frame + 10, 0x41, true},
      {"chroma of 2 x 1", frame + 13, 0x21, true},
      {"quantisation table 16", frame + 11, 16, false},
      {"quantisation table 3", frame + 11, 3, false},
      {"tables 4", scan + 5, 0x44, false},
      {"table 3 of first coefficients", scan + 5, 0x30, false},
      {"table 3 of the others", scan + 5, 0x03, false},
      {"from coefficient 1", scan + 10, 1, false},
      {"to coefficient 62", scan + 11, 62, false},
      {"refined", scan + 12, 0x10, false},
      {"half of a bit", scan + 12, 0x01, false},
  };
  LibjpegDecoder library({});
  JpegDecoder part({}, SupportedSimdLevels().back()), whole;
  for (const Change& change : changes) {
    Bytes changed = image;
    changed[change.at] = change.value;
    const std::string name = std::string("header with ") + change.what;
    ScanHeader header;
    const bool opened = library.Open(changed.data(), changed.size()).ok();
    EXPECT_TRUE((opened && library.DescribeScan(&header)) == change.described) << name;
    AlignedBuffer pixels[2];
    RgbView views[2];
    const Rect wanted{3, 3, 30, 20};
    const auto decode = [&](JpegDecoder* decoder, DecodeExtent extent, int i) {
      Status status = decoder->Open(changed.data(), changed.size());
      if (status.ok()) status = decoder->Decode(wanted, extent, nullptr, &pixels[i], &views[i]);
      return status.code();
    };
    const StatusCode code = decode(&whole, DecodeExtent::kWhole, 0);
    EXPECT_TRUE(decode(&part, DecodeExtent::kWantedChecked, 1) == code) << "verdict, " << name;
    if (code != StatusCode::kOk) continue;
    EXPECT_TRUE(SameRegion(views[0], views[1], wanted) && part.warnings() == whole.warnings())
        << "pixels and warnings, " << name;
  }
}

TEST(BaselineTest, EveryLevelEqualsLibjpeg) {
  Random random(7);
  LibjpegDecoder library({});
  LevelDecoders<BaselineDecoder> decoders(false);
  int sound_images = 0, smooth_images = 0;
  for (int i = 0; i < 600; ++i) {
    const JpegKind kind = RandomKind(&random);
    const int width = random.Between(1, i % 10 == 0 ? 700 : 90);
    const int height = random.Between(1, 90);
    const Bytes image = EncodeJpeg(width, height, kind, static_cast<uint32_t>(i));
    const std::string name = "scan " + std::to_string(i);
    const Rect wanted = RandomPart(width, height, &random);
    ScanHeader scan;
    if (!library.Open(image.data(), image.size()).ok() || !library.DescribeScan(&scan)) {
      ADD_FAILURE() << "header of " << name;
      continue;
    }
    EXPECT_TRUE(BaselineDecoder::Takes(scan) == IsTaken(kind, width)) << "kind of " << name;
    if (!BaselineDecoder::Takes(scan)) continue;
    const bool sound = decoders.EqualLibjpeg(scan, wanted, name, &library, &random);
    smooth_images += kind.smooth ? 1 : 0;  // noise may be out of range
    sound_images += kind.smooth && sound ? 1 : 0;
  }
  EXPECT_TRUE(sound_images == smooth_images && smooth_images > 100)
      << "sound scans are not left to libjpeg";
}

}  // namespace
}  // namespace regcore
