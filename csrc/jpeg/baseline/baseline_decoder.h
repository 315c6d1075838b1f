// Part of an image from a sound baseline scan, as libjpeg-turbo decodes it, in less time: the
// coefficients outside of the part are only passed over, and nothing is done twice.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/image_view.h"
#include "base/simd_level.h"
#include "base/status.h"
#include "jpeg/baseline/mcu_reader.h"
#include "jpeg/baseline/scan_header.h"
#include "jpeg/pixels/coefficients.h"
#include "jpeg/pixels/reconstruction.h"

namespace regcore {

// Whatever is not as an encoder writes it is left to libjpeg, so that its repairs, its warnings and
// its errors are the only ones. Not thread-safe.
class BaselineDecoder {
 public:
  explicit BaselineDecoder(SimdLevel level) : reader_(level), reconstruction_(level) {}

  // Whether images of such a header are decoded at all.
  static bool Takes(const ScanHeader& scan) { return Reconstruction::Takes(scan.frame); }

  // What Decode holds at most, without the pixels.
  static size_t BytesFor(const ScanHeader& scan);

  // Writes `wanted` into `pixels`, and sets `view` to it and to columns beside it, which mean
  // nothing, like rows whose byte of `rows` is 0; null: all are written. `check_rest`: what is not
  // wanted is looked through for damage, not just for its end. `decoded` says whether the
  // pixels mean anything: if not, the scan is for libjpeg. The status is not ok only where there is
  // no memory.
  Status Decode(const ScanHeader& scan, const Rect& wanted, const uint8_t* rows, bool check_rest,
                AlignedBuffer* pixels, RgbView* view, bool* decoded);

  size_t capacity() const;
  void Release();

 private:
  bool DecodeMcuRow(const FrameHeader& frame, int mcu_row);

  McuReader reader_;
  Coefficients coefficients_;
  Reconstruction reconstruction_;
};

}  // namespace regcore
