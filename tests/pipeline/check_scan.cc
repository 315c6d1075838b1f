// The decoder of sound baseline scans against libjpeg-turbo, by every instruction set.
#include <algorithm>
#include <cstring>

#include "checks.h"
#include "decode/jpeg_library.h"
#include "scan/scan_decoder.h"

namespace regcore {
namespace {

// What an encoder writes of it is taken; all but 4:4:0, odd factors, and the narrowest.
bool IsTaken(const JpegKind& kind, int width) {
  if (kind.grey || (kind.horizontal == 1 && kind.vertical == 1)) return true;
  return kind.horizontal == 2 && kind.vertical <= 2 && width > 4;
}

JpegKind RandomKind(Random* random) {
  JpegKind kind;
  kind.grey = random->Between(0, 5) == 0;
  kind.horizontal = random->Between(1, 2);
  kind.vertical = random->Between(1, 2);
  kind.restart_rows = static_cast<unsigned>(random->Between(0, 2));
  kind.quality = random->Between(1, 100);
  kind.smooth = random->Between(0, 2) > 0;
  return kind;
}

}  // namespace

void CheckScans(Report* report) {
  Random random(7);
  JpegLibrary library({});
  std::vector<ScanDecoder> decoders;
  for (const SimdLevel level : SupportedSimdLevels()) decoders.emplace_back(level);
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
      report->Check(false, "header of " + name);
      continue;
    }
    report->Check(ScanDecoder::Takes(scan) == IsTaken(kind, width), "kind of " + name);
    if (!ScanDecoder::Takes(scan)) continue;
    std::vector<AlignedBuffer> pixels(decoders.size());
    std::vector<RgbView> views(decoders.size());
    size_t sound = 0;
    for (size_t d = 0; d < decoders.size(); ++d) {
      bool is_sound = false;
      const bool check_rest = random.Between(0, 1) == 1;
      const Status status =
          decoders[d].Decode(scan, wanted, check_rest, &pixels[d], &views[d], &is_sound);
      report->Check(status.ok(), "memory for " + name);
      sound += is_sound ? 1 : 0;
    }
    report->Check(sound == 0 || sound == decoders.size(), "verdict on " + name);
    smooth_images += kind.smooth ? 1 : 0;
    sound_images += kind.smooth && sound > 0 ? 1 : 0;
    if (sound != decoders.size()) continue;  // noise may be wild
    AlignedBuffer whole;
    RgbView view;
    report->Check(library.Decode(&whole, &view).ok() && library.warnings() == 0,
                  "libjpeg on " + name);
    for (const RgbView& part : views) {
      report->Check(SameRegion(part, view, wanted), "pixels of " + name);
    }
  }
  report->Check(sound_images == smooth_images && smooth_images > 100,
                "sound scans are not left to libjpeg");
}

}  // namespace regcore
