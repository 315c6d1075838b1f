// A decoder of regcore's own for each instruction set, held against libjpeg-turbo.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "jpeg/libjpeg_decoder.h"
#include "pipeline/images.h"

namespace regcore {

// Of BaselineDecoder or ProgressiveDecoder.
template <typename Decoder>
class LevelDecoders {
 public:
  // afresh: each image finds no memory of the ones before, so that what is held can be told.
  explicit LevelDecoders(bool afresh) : afresh_(afresh) {
    for (const SimdLevel level : SupportedSimdLevels()) decoders_.emplace_back(level);
  }

  // Decodes a part of the image that `library` has opened, of some rows or of all, by every level:
  // all take it for sound or none does, and what they make is what the library makes of it; decoded
  // afresh, none holds more than it says. Returns whether it was sound.
  template <typename Header>
  bool EqualLibjpeg(const Header& header, const Rect& wanted, const std::string& name,
                    LibjpegDecoder* library, Random* random) {
    std::vector<AlignedBuffer> pixels(decoders_.size());
    std::vector<RgbView> views(decoders_.size());
    std::vector<uint8_t> rows(static_cast<size_t>(wanted.height()));
    for (uint8_t& row : rows) row = random->Between(0, 1) == 1;
    const bool all_rows = random->Between(0, 1) == 1;
    size_t sound = 0;
    for (size_t d = 0; d < decoders_.size(); ++d) {
      bool is_sound = false;
      const bool check_rest = random->Between(0, 1) == 1;
      const Status status = decoders_[d].Decode(header, wanted, all_rows ? nullptr : rows.data(),
                                                check_rest, &pixels[d], &views[d], &is_sound);
      EXPECT_TRUE(status.ok()) << "memory for " << name;
      sound += is_sound ? 1 : 0;
      if (!afresh_) continue;
      EXPECT_LE(decoders_[d].capacity(), Decoder::BytesFor(header)) << "memory of " << name;
      decoders_[d].Release();
    }
    EXPECT_TRUE(sound == 0 || sound == decoders_.size()) << "verdict on " << name;
    if (sound != decoders_.size()) return false;
    AlignedBuffer whole;
    RgbView view;
    EXPECT_TRUE(library->Decode(&whole, &view).ok() && library->warnings() == 0)
        << "libjpeg on " << name;
    for (const RgbView& part : views) {
      for (int y = wanted.top; y < wanted.bottom; ++y) {
        if (!all_rows && rows[static_cast<size_t>(y - wanted.top)] == 0) continue;
        EXPECT_TRUE(SameRegion(part, view, {wanted.left, y, wanted.right, y + 1}))
            << "pixels of " << name << ", row " << y;
      }
    }
    return true;
  }

 private:
  const bool afresh_;
  std::deque<Decoder> decoders_;  // which are never moved
};

}  // namespace regcore
