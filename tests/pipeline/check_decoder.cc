// A region decode against a full one, for kinds of JPEG that no Python encoder writes.
#include <algorithm>
#include <cstring>

#include "checks.h"

namespace regcore {
namespace {

bool SameRegion(const RgbView& a, const RgbView& b, const Rect& area) {
  for (int y = area.top; y < area.bottom; ++y) {
    const uint8_t* x = a.Row(y) + 3 * (area.left - a.area.left);
    const uint8_t* z = b.Row(y) + 3 * (area.left - b.area.left);
    if (std::memcmp(x, z, 3 * static_cast<size_t>(area.width())) != 0) return false;
  }
  return true;
}

}  // namespace

void CheckDecoder(Report* report) {
  Random random(1);
  JpegDecoder decoder;
  for (int i = 0; i < 400; ++i) {
    JpegKind kind;
    kind.progressive = random.Between(0, 3) == 0;
    kind.arithmetic = random.Between(0, 3) == 0;
    kind.grey = random.Between(0, 5) == 0;
    kind.horizontal = random.Between(1, 4);
    kind.vertical = random.Between(1, std::min(4, 8 / kind.horizontal));  // 10 blocks to an MCU
    kind.restart_rows = static_cast<unsigned>(random.Between(0, 2));
    const int width = random.Between(1, 150);
    const int height = random.Between(1, 150);
    const Bytes image = EncodeJpeg(width, height, kind, static_cast<uint32_t>(i));
    Rect wanted;
    wanted.left = random.Between(0, width - 1);
    wanted.top = random.Between(0, height - 1);
    wanted.right = random.Between(wanted.left + 1, width);
    wanted.bottom = random.Between(wanted.top + 1, height);
    AlignedBuffer pixels[2];
    RgbView views[2];
    bool ok = true;
    for (const bool full : {false, true}) {
      Status status = decoder.Open(image.data(), image.size());
      const size_t held = decoder.DecodeBytes();
      if (status.ok()) status = decoder.Decode(wanted, full, &pixels[full], &views[full]);
      ok = ok && status.ok() && pixels[full].capacity() <= held;
    }
    report->Check(ok && SameRegion(views[0], views[1], wanted),
                  "region decode of JPEG " + std::to_string(i));
  }
}

}  // namespace regcore
