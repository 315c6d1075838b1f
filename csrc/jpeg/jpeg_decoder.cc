#include "jpeg/jpeg_decoder.h"

#include <algorithm>

#include "jpeg/header.h"

namespace regcore {

Status JpegDecoder::Open(const uint8_t* bytes, size_t size) {
  takes_scan_ = takes_progression_ = false;
  if (size == 0) return {StatusCode::kCorrupt, "the file is empty"};
  if (IsJpeg(bytes, size)) {
    REGCORE_RETURN_IF_ERROR(CheckJpegHeader(bytes, size, &orientation_));
  }
  REGCORE_RETURN_IF_ERROR(libjpeg_decoder_.Open(bytes, size));
  takes_scan_ = libjpeg_decoder_.DescribeScan(&scan_) && BaselineDecoder::Takes(scan_);
  takes_progression_ = libjpeg_decoder_.DescribeProgression(&progression_) &&
                       ProgressiveDecoder::Takes(progression_);
  return {};
}

void JpegDecoder::Release() {
  takes_scan_ = takes_progression_ = false;  // their headers are in the library's memory
  libjpeg_decoder_.Release();
  baseline_decoder_.Release();
  progressive_decoder_.Release();
}

size_t JpegDecoder::DecodeBytes() const {
  const size_t pixels = 3 * static_cast<size_t>(int64_t{width()} * height()) + kPixelSlack;
  size_t scans = libjpeg_decoder_.DecodeBytes();
  if (takes_scan_) scans += BaselineDecoder::BytesFor(scan_);
  // Both hold the coefficients of the image, and the library begins when the other has ended.
  if (takes_progression_) scans = std::max(scans, ProgressiveDecoder::BytesFor(progression_));
  return pixels + scans;
}

Status JpegDecoder::Decode(const Rect& wanted, DecodeExtent extent, const uint8_t* rows,
                           AlignedBuffer* pixels, RgbView* view) {
  const bool check_rest = extent == DecodeExtent::kWantedChecked;
  bool decoded = false;
  if (extent == DecodeExtent::kWhole) {
    // By the library alone.
  } else if (takes_scan_) {
    REGCORE_RETURN_IF_ERROR(
        baseline_decoder_.Decode(scan_, wanted, rows, check_rest, pixels, view, &decoded));
  } else if (takes_progression_) {
    REGCORE_RETURN_IF_ERROR(progressive_decoder_.Decode(progression_, wanted, rows, check_rest,
                                                        pixels, view, &decoded));
    if (!decoded) progressive_decoder_.Release();
  }
  if (decoded) return {};
  return libjpeg_decoder_.Decode(pixels, view);
}

}  // namespace regcore
