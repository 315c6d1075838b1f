#include "preprocess/preprocess.h"

#include <cstring>
#include <new>

#include "files/read_file.h"

namespace regcore {
namespace {

// Whether kReadSlack bytes behind the wanted part are the caller's own, further down the picture.
bool HasReadSlack(const ImageSource& source, const Rect& wanted) {
  const ptrdiff_t last_read =
      (wanted.bottom - 1) * source.stride + 3 * ptrdiff_t{wanted.right} + ptrdiff_t{kReadSlack};
  const ptrdiff_t end = (source.height - 1) * source.stride + 3 * ptrdiff_t{source.width};
  return source.stride >= 3 * ptrdiff_t{source.width} && last_read <= end;
}

// The wanted part of the caller's pixels: in place, or copied to where kernels may read past it.
Status ViewPixels(const ImageSource& source, const Rect& wanted, AlignedBuffer* pixels,
                  RgbView* view) {
  if (HasReadSlack(source, wanted)) {
    *view = {source.data, source.stride, Rect{0, 0, source.width, source.height}};
    return {};
  }
  const size_t row = 3 * static_cast<size_t>(wanted.width());
  REGCORE_RETURN_IF_ERROR(pixels->Reserve(row * static_cast<size_t>(wanted.height()) + kReadSlack));
  for (int y = wanted.top; y < wanted.bottom; ++y) {
    std::memcpy(pixels->data() + static_cast<size_t>(y - wanted.top) * row,
                source.data + y * source.stride + 3 * ptrdiff_t{wanted.left}, row);
  }
  *view = {pixels->data(), static_cast<ptrdiff_t>(row), wanted};
  return {};
}

// Rows become columns.
Status Transpose(const RgbView& view, const Rect& area, AlignedBuffer* pixels,
                 RgbView* transposed) {
  const size_t row = 3 * static_cast<size_t>(area.height());
  REGCORE_RETURN_IF_ERROR(pixels->Reserve(row * static_cast<size_t>(area.width()) + kReadSlack));
  for (int y = area.top; y < area.bottom; ++y) {
    const uint8_t* source = view.Row(y) + 3 * (area.left - view.area.left);
    uint8_t* column = pixels->data() + 3 * static_cast<size_t>(y - area.top);
    for (int x = 0; x < area.width(); ++x, source += 3, column += row) {
      std::memcpy(column, source, 3);
    }
  }
  *transposed = {pixels->data(), static_cast<ptrdiff_t>(row),
                 Rect{area.top, area.left, area.bottom, area.right}};
  return {};
}

}  // namespace

// The two passes that lead from a picture to its crop window. Where the vertical axis goes first,
// the picture is transposed, and `first` runs along its rows all the same.
struct Preprocess::Window {
  const PackedAxis* first = nullptr;
  const PackedAxis* second = nullptr;
  bool transposed = false;

  Rect Wanted() const {
    const AxisPlan& x = (transposed ? second : first)->plan;
    const AxisPlan& y = (transposed ? first : second)->plan;
    return {x.input_begin(), y.input_begin(), x.input_end(), y.input_end()};
  }
};

void PreprocessScratch::Release() {
  decoder.Release();
  for (AlignedBuffer* buffer : {&file, &pixels, &intermediate, &transposed, &window}) {
    buffer->Release();
  }
}

void PreprocessScratch::Trim() {
  size_t held = decoder.HeldBytes();
  for (const AlignedBuffer* buffer : {&file, &pixels, &intermediate, &transposed, &window}) {
    held += buffer->capacity();
  }
  if (held > share.half()) Release();
  plans.Trim();
}

Preprocess::Preprocess(const PreprocessSpec& spec)
    : spec_(spec),
      kernel_(ResampleKernelFor(spec.level)),
      normalizer_(spec.mean, spec.std, spec.type, spec.layout, spec.crop, spec.crop, spec.level) {}

Status Preprocess::Plan(int width, int height, PlanCache* plans, Window* window) const {
  if (!ResizeFits(width, height, spec_.resize)) {
    return {StatusCode::kTooLarge, std::to_string(width) + " x " + std::to_string(height) +
                                       " cannot be resized to a short side of " +
                                       std::to_string(spec_.resize)};
  }
  const CropGeometry g = MakeCropGeometry(width, height, spec_.resize, spec_.crop);
  window->transposed = VerticalFirst(spec_.order, width, height, g.resized_width, g.resized_height);
  if (window->transposed) {
    REGCORE_RETURN_IF_ERROR(
        plans->Horizontal(height, g.resized_height, g.top, spec_.crop, &window->first));
    return plans->Vertical(width, g.resized_width, g.left, spec_.crop, &window->second);
  }
  REGCORE_RETURN_IF_ERROR(
      plans->Horizontal(width, g.resized_width, g.left, spec_.crop, &window->first));
  return plans->Vertical(height, g.resized_height, g.top, spec_.crop, &window->second);
}

DecodeExtent Preprocess::Extent() const {
  if (spec_.full_decode) return DecodeExtent::kWhole;
  return spec_.on_warning == OnWarning::kIgnore ? DecodeExtent::kWanted
                                                : DecodeExtent::kWantedChecked;
}

// Of the JPEG just decoded.
Status Preprocess::NoteFindings(PreprocessScratch* scratch) const {
  scratch->findings.orientation = scratch->decoder.orientation();
  const size_t warnings = scratch->decoder.warnings();
  if (warnings == 0 || spec_.on_warning == OnWarning::kIgnore) return {};
  scratch->findings.warnings = warnings;
  scratch->findings.first_warning = scratch->decoder.first_warning();
  if (spec_.on_warning == OnWarning::kReport) return {};
  return {StatusCode::kCorrupt,
          "damaged, " + std::to_string(warnings) +
              " decoder warnings, the first: " + scratch->findings.first_warning};
}

// What Resample and ResampleTransposed hold.
size_t Preprocess::ResampleBytes(const Window& window) const {
  const AxisPlan& second = window.second->plan;
  const size_t passes =
      kernel_.intermediate_bytes(second.input_end() - second.input_begin(), 3 * spec_.crop);
  if (!window.transposed) return passes;
  const Rect wanted = window.Wanted();
  return passes + 3 * static_cast<size_t>(int64_t{wanted.width()} * wanted.height());
}

// `file_bytes`: what of the encoded image is in memory of ours.
Status Preprocess::DecodeJpeg(const uint8_t* bytes, size_t size, size_t file_bytes,
                              Reservation* reservation, PreprocessScratch* scratch, Window* window,
                              RgbView* view) const {
  JpegDecoder& decoder = scratch->decoder;
  REGCORE_RETURN_IF_ERROR(decoder.Open(bytes, size));
  REGCORE_RETURN_IF_ERROR(Plan(decoder.width(), decoder.height(), &scratch->plans, window));
  REGCORE_RETURN_IF_ERROR(
      reservation->Grow(file_bytes + decoder.DecodeBytes() + ResampleBytes(*window)));
  reservation->Settle();
  REGCORE_RETURN_IF_ERROR(decoder.Decode(window->Wanted(), Extent(), &scratch->pixels, view));
  return NoteFindings(scratch);
}

Status Preprocess::Decode(const ImageSource& source, size_t* file_size, Reservation* reservation,
                          PreprocessScratch* scratch, Window* window, RgbView* view) const {
  if (source.path != nullptr) {
    const Status status =
        ReadFile(source.path, spec_.limits.file_bytes, reservation, &scratch->file, file_size);
    scratch->times.read = ImageTimes::Now();
    REGCORE_RETURN_IF_ERROR(status);
    return DecodeJpeg(scratch->file.data(), *file_size, *file_size, reservation, scratch, window,
                      view);
  }
  if (source.width == 0) {
    REGCORE_RETURN_IF_ERROR(CheckFileBytes(source.size, spec_.limits.file_bytes));
    return DecodeJpeg(source.data, source.size, 0, reservation, scratch, window, view);
  }
  REGCORE_RETURN_IF_ERROR(Plan(source.width, source.height, &scratch->plans, window));
  const Rect wanted = window->Wanted();
  const size_t copy = 3 * static_cast<size_t>(int64_t{wanted.width()} * wanted.height());
  REGCORE_RETURN_IF_ERROR(reservation->Grow(copy + ResampleBytes(*window)));
  reservation->Settle();
  return ViewPixels(source, wanted, &scratch->pixels, view);
}

// `file_size`: of the file that is in memory, if there is one.
Status Preprocess::DecodeForeign(const ImageSource& source, size_t index, size_t file_size,
                                 const ForeignDecoder& foreign, Reservation* reservation,
                                 PreprocessScratch* scratch, Window* window, RgbView* view) const {
  const uint8_t* bytes = source.data;
  size_t size = source.size;
  if (reservation->asked()) {
    scratch->Release();
    ReturnFreedMemory();
    reservation->Release();
    file_size = 0;
  }
  if (source.path != nullptr) {
    // What was read is decoded; only what had to be given back is read anew.
    if (file_size == 0) {
      REGCORE_RETURN_IF_ERROR(
          ReadFile(source.path, spec_.limits.file_bytes, reservation, &scratch->file, &file_size));
    }
    bytes = scratch->file.data();
    size = file_size;
  }
  ForeignPicture picture(spec_.limits, bytes, size, 3 * static_cast<size_t>(spec_.crop),
                         reservation, &scratch->pixels);
  REGCORE_RETURN_IF_ERROR(foreign.decode(foreign.context, index, &picture));
  if (!picture.complete) return {StatusCode::kOutOfMemory, "out of memory"};
  scratch->findings.orientation = picture.orientation;
  *view = picture.view();
  return Plan(view->area.width(), view->area.height(), &scratch->plans, window);
}

// Calls use_row(y, rgb) for every row of the crop window.
template <typename UseRow>
Status Preprocess::Resample(const RgbView& view, const Window& window, PreprocessScratch* scratch,
                            const UseRow& use_row) const {
  const AxisPlan& second = window.second->plan;
  const int columns = 3 * spec_.crop;
  const int rows = second.input_end() - second.input_begin();
  REGCORE_RETURN_IF_ERROR(scratch->intermediate.Reserve(kernel_.intermediate_bytes(rows, columns)));
  REGCORE_RETURN_IF_ERROR(scratch->row.Reserve(static_cast<size_t>(columns) + 2 * kReadSlack));
  kernel_.horizontal(*window.first, second, view, scratch->intermediate.data());
  for (int y = 0; y < spec_.crop; ++y) {
    kernel_.vertical(*window.second, y, scratch->intermediate.data(), columns, scratch->row.data());
    use_row(y, scratch->row.data());
  }
  return {};
}

// The rare order: the same passes on the transposed picture, and the result transposed back.
Status Preprocess::ResampleTransposed(const RgbView& view, const Window& window,
                                      PreprocessScratch* scratch, void* slot) const {
  RgbView turned;
  REGCORE_RETURN_IF_ERROR(Transpose(view, window.Wanted(), &scratch->transposed, &turned));
  const size_t side = static_cast<size_t>(spec_.crop);
  REGCORE_RETURN_IF_ERROR(scratch->window.Reserve(3 * side * side + kReadSlack));
  uint8_t* result = scratch->window.data();
  REGCORE_RETURN_IF_ERROR(Resample(turned, window, scratch, [&](int x, const uint8_t* column) {
    uint8_t* out = result + 3 * static_cast<size_t>(x);
    for (size_t y = 0; y < side; ++y) std::memcpy(out + 3 * side * y, column + 3 * y, 3);
  }));
  for (int y = 0; y < spec_.crop; ++y) {
    normalizer_.Row(result + 3 * side * static_cast<size_t>(y), y, slot);
  }
  return {};
}

Status Preprocess::ToSlot(const ImageSource& source, size_t index, const ForeignDecoder& foreign,
                          PreprocessScratch* scratch, void* slot) const {
  try {
    Reservation reservation(scratch->share);
    const Status status = Timed(source, index, foreign, &reservation, scratch, slot);
    scratch->Trim();
    if (reservation.asked()) ReturnFreedMemory();
    return status;
  } catch (const std::bad_alloc&) {
    // Of a plan or a message; pixels are asked for without throwing.
    return {StatusCode::kOutOfMemory, "out of memory"};
  }
}

Status Preprocess::Timed(const ImageSource& source, size_t index, const ForeignDecoder& foreign,
                         Reservation* reservation, PreprocessScratch* scratch, void* slot) const {
  ImageTimes& times = scratch->times;
  const ImageTimes::Time now = ImageTimes::Now();
  times = {now, now, now, now};
  Status status = Run(source, index, foreign, reservation, scratch, slot);
  times.resampled = ImageTimes::Now();
  scratch->stage_times += times;
  return status;
}

Status Preprocess::Run(const ImageSource& source, size_t index, const ForeignDecoder& foreign,
                       Reservation* reservation, PreprocessScratch* scratch, void* slot) const {
  Window window;
  RgbView view;
  scratch->findings = {};
  size_t file_size = 0;
  Status status = Decode(source, &file_size, reservation, scratch, &window, &view);
  if (status.code() == StatusCode::kUnsupported && foreign.decode != nullptr) {
    status = DecodeForeign(source, index, file_size, foreign, reservation, scratch, &window, &view);
  }
  scratch->times.decoded = ImageTimes::Now();
  if (!status.ok()) return status;
  if (window.transposed) return ResampleTransposed(view, window, scratch, slot);
  return Resample(view, window, scratch,
                  [&](int y, const uint8_t* rgb) { normalizer_.Row(rgb, y, slot); });
}

}  // namespace regcore
