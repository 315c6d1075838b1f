#include "preprocess/decode_step.h"

#include <cstring>
#include <string>

#include "files/read_file.h"

namespace regcore {
namespace {

size_t PixelBytes(const Rect& area) {
  return 3 * static_cast<size_t>(int64_t{area.width()} * area.height());
}

// Whether kReadSlack bytes past the wanted part are the caller's own, further down the image.
bool HasReadSlack(const ImageSource& source, const Rect& wanted) {
  const ptrdiff_t last_read =
      (wanted.bottom - 1) * source.stride + 3 * ptrdiff_t{wanted.right} + ptrdiff_t{kReadSlack};
  const ptrdiff_t end = (source.height - 1) * source.stride + 3 * ptrdiff_t{source.width};
  return source.stride >= 3 * ptrdiff_t{source.width} && last_read <= end;
}

DecodeExtent ExtentFor(const PreprocessSpec& spec) {
  if (spec.full_decode) return DecodeExtent::kWhole;
  return spec.on_warning == OnWarning::kIgnore ? DecodeExtent::kWanted
                                               : DecodeExtent::kWantedChecked;
}

}  // namespace

Status DecodeStep::Run(const ExternalDecoder& external, size_t index) {
  worker_.diagnostics = {};
  Status status = DecodeHere();
  if (status.code() == StatusCode::kUnsupported && external.decode != nullptr) {
    status = DecodeExternally(external, index);
  }
  worker_.times.decoded = ImageTimes::Now();
  return status;
}

Status DecodeStep::DecodeHere() {
  if (source_.path != nullptr) {
    const Status status = ReadSource();
    worker_.times.read = ImageTimes::Now();
    REGCORE_RETURN_IF_ERROR(status);
    return DecodeJpeg(worker_.file.data(), file_bytes_);
  }
  if (source_.width > 0) return ViewPixels();
  REGCORE_RETURN_IF_ERROR(CheckFileBytes(source_.size, spec_.limits.file_bytes));
  return DecodeJpeg(source_.data, source_.size);
}

Status DecodeStep::DecodeExternally(const ExternalDecoder& external, size_t index) {
  const uint8_t* bytes = source_.data;
  size_t size = source_.size;
  if (reservation_.is_large()) {
    worker_.Release();
    ReturnFreedMemory();
    reservation_.Release();
    file_bytes_ = 0;
  }
  if (source_.path != nullptr) {
    // What was read is decoded; only what had to be given back is read anew.
    if (file_bytes_ == 0) REGCORE_RETURN_IF_ERROR(ReadSource());
    bytes = worker_.file.data();
    size = file_bytes_;
  }
  ExternalImage image(spec_.limits, bytes, size, 3 * static_cast<size_t>(spec_.crop), &reservation_,
                      &worker_.pixels);
  REGCORE_RETURN_IF_ERROR(external.decode(external.context, index, &image));
  if (!image.complete) return {StatusCode::kOutOfMemory, "out of memory"};
  worker_.diagnostics.orientation = image.orientation;
  view_ = image.view();
  return PlanFor(view_.area.width(), view_.area.height());
}

Status DecodeStep::DecodeJpeg(const uint8_t* bytes, size_t size) {
  JpegDecoder& decoder = worker_.decoder;
  REGCORE_RETURN_IF_ERROR(decoder.Open(bytes, size));
  REGCORE_RETURN_IF_ERROR(PlanFor(decoder.width(), decoder.height()));
  REGCORE_RETURN_IF_ERROR(
      reservation_.GrowTo(file_bytes_ + decoder.DecodeBytes() + next_.HeldBytes(plan_)));
  reservation_.ReleaseTurn();
  REGCORE_RETURN_IF_ERROR(
      decoder.Decode(plan_.Wanted(), ExtentFor(spec_), &worker_.pixels, &view_));
  return NoteDiagnostics();
}

// The wanted part of the caller's pixels: in place, or copied to where kernels may read past it.
Status DecodeStep::ViewPixels() {
  REGCORE_RETURN_IF_ERROR(PlanFor(source_.width, source_.height));
  const Rect wanted = plan_.Wanted();
  const size_t bytes = PixelBytes(wanted);
  REGCORE_RETURN_IF_ERROR(reservation_.GrowTo(bytes + next_.HeldBytes(plan_)));
  reservation_.ReleaseTurn();
  if (HasReadSlack(source_, wanted)) {
    view_ = {source_.data, source_.stride, Rect{0, 0, source_.width, source_.height}};
    return {};
  }
  REGCORE_RETURN_IF_ERROR(worker_.pixels.Reserve(bytes + kReadSlack));
  const size_t row = 3 * static_cast<size_t>(wanted.width());
  for (int y = wanted.top; y < wanted.bottom; ++y) {
    std::memcpy(worker_.pixels.data() + static_cast<size_t>(y - wanted.top) * row,
                source_.data + y * source_.stride + 3 * ptrdiff_t{wanted.left}, row);
  }
  view_ = {worker_.pixels.data(), static_cast<ptrdiff_t>(row), wanted};
  return {};
}

Status DecodeStep::ReadSource() {
  return ReadFile(source_.path, spec_.limits.file_bytes, &reservation_, &worker_.file,
                  &file_bytes_);
}

Status DecodeStep::PlanFor(int width, int height) {
  return next_.Plan(width, height, &worker_, &plan_);
}

// For the JPEG just decoded.
Status DecodeStep::NoteDiagnostics() {
  Diagnostics& diagnostics = worker_.diagnostics;
  diagnostics.orientation = worker_.decoder.orientation();
  const size_t warnings = worker_.decoder.warnings();
  if (warnings == 0 || spec_.on_warning == OnWarning::kIgnore) return {};
  diagnostics.warnings = warnings;
  diagnostics.first_warning = worker_.decoder.first_warning();
  if (spec_.on_warning == OnWarning::kReport) return {};
  return {StatusCode::kCorrupt, "damaged, " + std::to_string(warnings) +
                                    " decoder warnings, the first: " + diagnostics.first_warning};
}

}  // namespace regcore
