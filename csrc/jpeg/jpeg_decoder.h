// JPEG bytes → RGB8 pixels of a region, by the shortest way that is proven.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/image_limits.h"
#include "base/image_view.h"
#include "base/simd_level.h"
#include "base/status.h"
#include "jpeg/baseline/baseline_decoder.h"
#include "jpeg/libjpeg_decoder.h"
#include "jpeg/progressive/progressive_decoder.h"

namespace regcore {

// How much of a JPEG to decode.
enum class DecodeExtent {
  kWanted,         // the wanted part
  kWantedChecked,  // the same, and the rest is looked through for damage
  kWhole,          // all, by libjpeg-turbo
};

// Decodes one JPEG after the other. Its pixels, verdicts and warnings are libjpeg-turbo's: a sound
// baseline scan is decoded by BaselineDecoder, sound progressive ones by ProgressiveDecoder, which
// are faster and pass over what is not wanted; everything else, and what turns out to be damaged,
// by the library. Not thread-safe: one per worker.
class JpegDecoder {
 public:
  explicit JpegDecoder(const DecodeLimits& limits = {}, SimdLevel level = SimdLevel::kPortable)
      : libjpeg_decoder_(limits), baseline_decoder_(level), progressive_decoder_(level) {}

  // Reads the header. `bytes` must stay valid until the Decode that follows. kUnsupported: not a
  // JPEG, or one whose colours are not grey, YCbCr, RGB, CMYK or YCCK at 8 bits. kTooLarge: over a
  // limit.
  Status Open(const uint8_t* bytes, size_t size);

  // Gives all memory back.
  void Release();

  // The size of the JPEG last opened, in pixels.
  int width() const { return libjpeg_decoder_.width(); }
  int height() const { return libjpeg_decoder_.height(); }

  // Whether it has inks, CMYK or YCCK, which not all libraries see alike.
  bool has_inks() const { return libjpeg_decoder_.has_inks(); }

  // What Decode holds at most, with the pixels, in bytes, from the header.
  size_t DecodeBytes() const;

  // What is held now.
  size_t HeldBytes() const {
    return libjpeg_decoder_.HeldBytes() + baseline_decoder_.capacity() +
           progressive_decoder_.capacity();
  }

  // How often libjpeg repaired damage in the JPEG last opened, as far as Decode looked, and its
  // first words on it.
  size_t warnings() const { return libjpeg_decoder_.warnings(); }
  const char* first_warning() const { return libjpeg_decoder_.first_warning(); }

  // The orientation by EXIF or XMP, 1 to 8, of the JPEG last opened.
  int orientation() const { return orientation_; }

  // Decodes at least `wanted` into `pixels` and sets `view` to what was decoded; of a part, only
  // the wanted pixels mean anything, and of these only rows that `rows`, a byte for each, does not
  // say to be 0; null: all do. They are the same for every `extent`, and with kWantedChecked
  // the same warnings as with kWhole. An image cut short is kTruncated and a stray marker
  // kCorrupt, also in the part not wanted. A progressive image that lacks scans is kUnsupported.
  Status Decode(const Rect& wanted, DecodeExtent extent, const uint8_t* rows, AlignedBuffer* pixels,
                RgbView* view);

 private:
  LibjpegDecoder libjpeg_decoder_;
  BaselineDecoder baseline_decoder_;
  ProgressiveDecoder progressive_decoder_;
  ScanHeader scan_;
  ProgressiveHeader progression_;
  bool takes_scan_ = false;
  bool takes_progression_ = false;
  int orientation_ = 1;
};

}  // namespace regcore
