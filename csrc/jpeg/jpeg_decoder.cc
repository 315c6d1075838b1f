#include "jpeg/jpeg_decoder.h"

#include "jpeg/header.h"

namespace regcore {

Status JpegDecoder::Open(const uint8_t* bytes, size_t size) {
  takes_scan_ = false;
  if (size == 0) return {StatusCode::kCorrupt, "the file is empty"};
  if (IsJpeg(bytes, size)) {
    REGCORE_RETURN_IF_ERROR(CheckJpegHeader(bytes, size, &orientation_));
  }
  REGCORE_RETURN_IF_ERROR(libjpeg_decoder_.Open(bytes, size));
  takes_scan_ = libjpeg_decoder_.DescribeScan(&scan_) && BaselineDecoder::Takes(scan_);
  return {};
}

void JpegDecoder::Release() {
  takes_scan_ = false;  // its header is in the library's memory
  libjpeg_decoder_.Release();
  baseline_decoder_.Release();
}

size_t JpegDecoder::DecodeBytes() const {
  const size_t pixels = 3 * static_cast<size_t>(int64_t{width()} * height()) + kPixelSlack;
  const size_t scan = takes_scan_ ? BaselineDecoder::BytesFor(scan_) : 0;
  return pixels + scan + libjpeg_decoder_.HeldBytes();
}

Status JpegDecoder::Decode(const Rect& wanted, DecodeExtent extent, const uint8_t* rows,
                           AlignedBuffer* pixels, RgbView* view) {
  if (extent != DecodeExtent::kWhole && takes_scan_) {
    const bool check_rest = extent == DecodeExtent::kWantedChecked;
    bool decoded = false;
    REGCORE_RETURN_IF_ERROR(
        baseline_decoder_.Decode(scan_, wanted, rows, check_rest, pixels, view, &decoded));
    if (decoded) return {};
  }
  return libjpeg_decoder_.Decode(pixels, view);
}

}  // namespace regcore
