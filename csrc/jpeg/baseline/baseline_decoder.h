// Part of an image from a sound baseline scan, as libjpeg-turbo decodes it, in less time: the
// coefficients outside of the part are only passed over, and nothing is done twice.
#pragma once

#include <cstddef>

#include "base/aligned_buffer.h"
#include "base/image_view.h"
#include "base/simd_level.h"
#include "base/status.h"
#include "jpeg/baseline/coefficients.h"
#include "jpeg/baseline/mcu_reader.h"
#include "jpeg/baseline/sample_rows.h"
#include "jpeg/baseline/scan_header.h"
#include "jpeg/pixels/kernels.h"

namespace regcore {

// Room after the pixels, for kernels that write and read on.
inline constexpr size_t kPixelSlack = 3 * kSampleSlack + kReadSlack;

// Whatever is not as an encoder writes it is left to libjpeg, so that its repairs, its warnings and
// its errors are the only ones. Not thread-safe.
class BaselineDecoder {
 public:
  explicit BaselineDecoder(SimdLevel level) : kernels_(PixelKernelsFor(level)), reader_(level) {}

  // Whether images of such a header are decoded at all.
  static bool Takes(const ScanHeader& scan);

  // What Decode holds at most, without the pixels.
  static size_t BytesFor(const ScanHeader& scan);

  // Writes `wanted` into `pixels`, and sets `view` to it and to columns beside it, which mean
  // nothing, like rows whose byte of `rows` is 0; null: all are written. `check_rest`: what follows
  // the wanted part is looked through for damage, not just for its end. `decoded` says whether the
  // pixels mean anything: if not, the scan is for libjpeg. The status is not ok only where there is
  // no memory.
  Status Decode(const ScanHeader& scan, const Rect& wanted, const uint8_t* rows, bool check_rest,
                AlignedBuffer* pixels, RgbView* view, bool* decoded);

  size_t capacity() const;
  void Release();

 private:
  struct Part;
  bool DecodeMcuRow(const Part& part, int mcu_row);
  bool DecodeMcus(const ScanHeader& scan, int first, int count);
  void ExtendChroma(const Part& part, int mcu_row);
  void WriteRows(const Part& part, int mcu_row);
  void WriteRow(const Part& part, int y, const uint8_t* luma, const uint8_t* cb, const uint8_t* cr);

  const PixelKernels& kernels_;
  McuReader reader_;
  Coefficients coefficients_;
  SampleRows samples_;
};

}  // namespace regcore
