// Part of an image from sound progressive scans, as libjpeg-turbo decodes it, in less time: the
// coefficients outside of the part are read, as others depend on them, but not kept.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/image_view.h"
#include "base/simd_level.h"
#include "base/status.h"
#include "jpeg/pixels/coefficients.h"
#include "jpeg/pixels/reconstruction.h"
#include "jpeg/progressive/progressive_header.h"
#include "jpeg/progressive/scan_reader.h"
#include "jpeg/progressive/scan_sequence.h"

namespace regcore {

// Whatever is not as an encoder writes it is left to libjpeg, so that its repairs, its warnings and
// its errors are the only ones; so are images that lack scans. Not thread-safe.
class ProgressiveDecoder {
 public:
  explicit ProgressiveDecoder(SimdLevel level) : reader_(level), reconstruction_(level) {}

  // Whether images of such a header are decoded at all.
  static bool Takes(const ProgressiveHeader& header) { return Reconstruction::Takes(header.frame); }

  // What Decode holds at most, without the pixels.
  static size_t BytesFor(const ProgressiveHeader& header);

  // As BaselineDecoder::Decode. `check_rest`: what follows the wanted part in each scan is looked
  // through for damage, not just for its end.
  Status Decode(const ProgressiveHeader& header, const Rect& wanted, const uint8_t* rows,
                bool check_rest, AlignedBuffer* pixels, RgbView* view, bool* decoded);

  size_t capacity() const;
  void Release();

 private:
  Status ReadScans(const ProgressiveHeader& header, bool* complete);

  ScanSequence scans_;
  ScanReader reader_;
  Coefficients coefficients_;
  Reconstruction reconstruction_;
};

}  // namespace regcore
