#include "preprocess/decode_step.h"

#include <string>
#include <utility>

#include "base/page_translations.h"
#include "base/view_tail.h"
#include "files/read_file.h"
#include "preprocess/rearrange.h"

namespace regcore {
namespace {

size_t PixelBytes(const Rect& area) {
  return 3 * static_cast<size_t>(int64_t{area.width()} * area.height());
}

DecodeExtent ExtentFor(const PreprocessSpec& spec) {
  if (spec.full_decode) return DecodeExtent::kWhole;
  return spec.on_warning == OnWarning::kIgnore ? DecodeExtent::kWanted
                                               : DecodeExtent::kWantedChecked;
}

}  // namespace

Status DecodeStep::Run(const ExternalDecoder& external, size_t index) {
  worker_.diagnostics = {};
  Status status = DecodeHere(external, index);
  if (status.code() == StatusCode::kUnsupported && external.decode != nullptr) {
    status = DecodeExternally(external, index);
  }
  worker_.times.decoded = ImageTimes::Now();
  return status;
}

Status DecodeStep::DecodeHere(const ExternalDecoder& external, size_t index) {
  if (source_.path != nullptr) {
    const Status status = ReadSource();
    worker_.times.read = ImageTimes::Now();
    REGCORE_RETURN_IF_ERROR(status);
    return DecodeJpeg(worker_.file.data(), file_bytes_);
  }
  if (source_.width > 0) return ViewPixels();
  const uint8_t* bytes = source_.data;
  size_t size = source_.size;
  if (source_.on_demand) {
    const Status status = fetched_.Fetch(external, index);
    worker_.times.read = ImageTimes::Now();
    REGCORE_RETURN_IF_ERROR(status);
    bytes = fetched_.data();
    size = fetched_.size();
  }
  REGCORE_RETURN_IF_ERROR(CheckFileBytes(size, spec_.limits.file_bytes));
  return DecodeJpeg(bytes, size);
}

Status DecodeStep::DecodeExternally(const ExternalDecoder& external, size_t index) {
  const uint8_t* bytes = source_.on_demand ? fetched_.data() : source_.data;
  size_t size = source_.on_demand ? fetched_.size() : source_.size;
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
  ExternalImage image(spec_.limits, bytes, size, 3, next_.RowBytes(), next_.WindowBytes(),
                      &reservation_, &worker_.pixels);
  REGCORE_RETURN_IF_ERROR(external.decode(external.context, index, &image));
  if (!image.complete) return {StatusCode::kOutOfMemory, "out of memory"};
  view_ = image.view();
  worker_.diagnostics.clipped = image.clipped;
  REGCORE_RETURN_IF_ERROR(PlanFor(view_.area.width(), view_.area.height(), image.orientation));
  // What the copies hold, the other decoder has given back.
  return Rearrange();
}

Status DecodeStep::DecodeJpeg(const uint8_t* bytes, size_t size) {
  JpegDecoder& decoder = worker_.decoder;
  REGCORE_RETURN_IF_ERROR(decoder.Open(bytes, size));
  if (decoder.has_inks() && HasOwnInks(spec_.flavour)) {
    return {StatusCode::kUnsupported, "a JPEG of inks, whose colours are its library's own"};
  }
  REGCORE_RETURN_IF_ERROR(PlanFor(decoder.width(), decoder.height(), decoder.orientation()));
  REGCORE_RETURN_IF_ERROR(reservation_.GrowTo(file_bytes_ + decoder.DecodeBytes() +
                                              RearrangedBytes() + next_.HeldBytes(plan_)));
  reservation_.ReleaseTurn();
  const uint8_t* const rows = orientation_ == kUpright ? plan_.ReadRows() : nullptr;
  REGCORE_RETURN_IF_ERROR(
      decoder.Decode(Stored(), ExtentFor(spec_), rows, &worker_.pixels, &view_));
  REGCORE_RETURN_IF_ERROR(Rearrange());
  return NoteDamage();
}

// The caller's pixels, in place. What copies them reads no further than they go.
Status DecodeStep::ViewPixels() {
  worker_.diagnostics.clipped = source_.clipped;
  REGCORE_RETURN_IF_ERROR(PlanFor(source_.width, source_.height, kUpright));
  view_ = {source_.data, source_.stride, Rect{0, 0, source_.width, source_.height}};
  FetchTranslations(view_, plan_.Wanted(), 3);
  const bool copied = plan_.transposed || RearrangedBytes() > 0;
  const Rect tail = copied ? Rect() : TailOf(view_, plan_.Wanted(), 3);
  REGCORE_RETURN_IF_ERROR(
      reservation_.GrowTo(PixelBytes(tail) + RearrangedBytes() + next_.HeldBytes(plan_)));
  reservation_.ReleaseTurn();
  REGCORE_RETURN_IF_ERROR(CopyTail(tail, 3, &worker_.pixels, &view_));
  return Rearrange();
}

Status DecodeStep::ReadSource() {
  return ReadFile(source_.path, source_.is_part ? &source_.part : nullptr, spec_.limits.file_bytes,
                  &reservation_, &worker_.file, &file_bytes_);
}

// For a picture that is stored with this size and orientation.
Status DecodeStep::PlanFor(int width, int height, int orientation) {
  stored_width_ = width;
  stored_height_ = height;
  if (spec_.apply_orientation) {
    orientation_ = orientation;
  } else {
    worker_.diagnostics.orientation = orientation;
  }
  if (SwapsSides(orientation_)) std::swap(width, height);
  return next_.Plan(width, height, &worker_, &plan_);
}

// The part that the plan wants, of the picture as it is stored.
Rect DecodeStep::Stored() const {
  return StoredArea(plan_.Wanted(), orientation_, stored_width_, stored_height_);
}

// What Rearrange holds, in bytes.
size_t DecodeStep::RearrangedBytes() const {
  const size_t copies =
      size_t{orientation_ != kUpright} + size_t{spec_.channels == Channels::kGray};
  return copies * PixelBytes(plan_.Wanted());
}

// Turns the wanted pixels, or takes their colours away, as far as the recipe wants it.
Status DecodeStep::Rearrange() {
  const Rect wanted = plan_.Wanted();
  if (orientation_ != kUpright) {
    REGCORE_RETURN_IF_ERROR(
        Turn(view_, wanted, orientation_, stored_width_, stored_height_, &worker_.upright, &view_));
  }
  if (spec_.channels != Channels::kGray) return {};
  return ToLuma(view_, wanted, &worker_.luma, &view_);
}

// For the JPEG just decoded.
Status DecodeStep::NoteDamage() {
  Diagnostics& diagnostics = worker_.diagnostics;
  const size_t warnings = worker_.decoder.warnings();
  if (warnings == 0 || spec_.on_warning == OnWarning::kIgnore) return {};
  diagnostics.warnings = warnings;
  diagnostics.first_warning = worker_.decoder.first_warning();
  if (spec_.on_warning == OnWarning::kReport) return {};
  return {StatusCode::kCorrupt, "damaged, " + std::to_string(warnings) +
                                    " decoder warnings, the first: " + diagnostics.first_warning};
}

}  // namespace regcore
