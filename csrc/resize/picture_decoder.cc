#include "resize/picture_decoder.h"

#include <utility>

#include "base/luma.h"
#include "files/read_file.h"
#include "preprocess/rearrange.h"

namespace regcore {
namespace {

// As Pillow's convert("L") and convert("RGBA") of RGB.
void ConvertRow(const uint8_t* rgb, int width, int channels, uint8_t* out) {
  if (channels == 1) {
    for (int x = 0; x < width; ++x, rgb += 3) out[x] = Luma(rgb);
    return;
  }
  for (int x = 0; x < width; ++x, rgb += 3, out += 4) {
    for (int c = 0; c < 3; ++c) out[c] = rgb[c];
    out[3] = 255;
  }
}

}  // namespace

Status PictureDecoder::Open(const ImageSource& source, int channels, bool upright,
                            const ExternalDecoder& external, size_t index) {
  source_ = &source;
  external_ = &external;
  index_ = index;
  channels_ = channels;
  upright_ = upright;
  is_jpeg_ = false;
  if (source.width > 0) {
    SetSize(source.width, source.height, kUpright);
    view_ = {source.data, source.stride, {0, 0, width_, height_}};
    return {};
  }
  return OpenEncoded();
}

Status PictureDecoder::OpenEncoded() {
  bytes_ = source_->data;
  size_ = source_->size;
  if (source_->path != nullptr) {
    const FileRange* range = source_->is_part ? &source_->part : nullptr;
    REGCORE_RETURN_IF_ERROR(
        ReadFile(source_->path, range, limits_.file_bytes, nullptr, &file_, &size_));
    bytes_ = file_.data();
  } else if (source_->on_demand) {
    REGCORE_RETURN_IF_ERROR(fetched_.Fetch(*external_, index_));
    bytes_ = fetched_.data();
    size_ = fetched_.size();
  }
  REGCORE_RETURN_IF_ERROR(CheckFileBytes(size_, limits_.file_bytes));
  const Status status = jpeg_.Open(bytes_, size_);
  if (status.code() == StatusCode::kUnsupported) return DecodeExternally();
  REGCORE_RETURN_IF_ERROR(status);
  is_jpeg_ = true;
  SetSize(jpeg_.width(), jpeg_.height(), jpeg_.orientation());
  return {};
}

// As it is stored.
void PictureDecoder::SetSize(int width, int height, int orientation) {
  stored_width_ = width_ = width;
  stored_height_ = height_ = height;
  orientation_ = upright_ ? orientation : kUpright;
  if (SwapsSides(orientation_)) std::swap(width_, height_);
}

Status PictureDecoder::Decode(const Rect& wanted, PixelView* view, bool* readable) {
  if (is_jpeg_) {
    Status status = DecodeJpeg(StoredArea(wanted, orientation_, stored_width_, stored_height_));
    // A progressive JPEG that lacks scans shows only then.
    if (status.code() == StatusCode::kUnsupported) status = DecodeExternally();
    REGCORE_RETURN_IF_ERROR(status);
  }
  Close();
  if (orientation_ != kUpright) {
    REGCORE_RETURN_IF_ERROR(Turn(view_, wanted, orientation_, stored_width_, stored_height_,
                                 &turned_, &view_, channels_));
  }
  *view = view_;
  *readable = source_->width == 0;
  return {};
}

Status PictureDecoder::DecodeJpeg(const Rect& wanted) {
  REGCORE_RETURN_IF_ERROR(jpeg_.Decode(wanted, DecodeExtent::kWanted, nullptr, &pixels_, &view_));
  return channels_ == 3 ? Status() : ConvertRgb(wanted);
}

Status PictureDecoder::DecodeExternally() {
  if (external_->decode == nullptr) return {StatusCode::kUnsupported, "not a JPEG"};
  Reservation reservation(unlimited_);
  ExternalImage image(limits_, bytes_, size_, channels_, 0, 0, &reservation, &pixels_);
  REGCORE_RETURN_IF_ERROR(external_->decode(external_->context, index_, &image));
  if (!image.complete) return {StatusCode::kOutOfMemory, "out of memory"};
  view_ = image.view();
  const int width = width_;
  const int height = height_;
  SetSize(view_.area.width(), view_.area.height(), image.orientation);
  if (is_jpeg_ && (width_ != width || height_ != height)) {
    return {StatusCode::kCorrupt, "has another size by another decoder"};
  }
  return {};
}

Status PictureDecoder::ConvertRgb(const Rect& area) {
  const size_t row = static_cast<size_t>(channels_) * static_cast<size_t>(area.width());
  REGCORE_RETURN_IF_ERROR(
      converted_.Reserve(row * static_cast<size_t>(area.height()) + kReadSlack));
  uint8_t* out = converted_.data();
  for (int y = area.top; y < area.bottom; ++y, out += row) {
    ConvertRow(view_.Row(y) + 3 * ptrdiff_t{area.left - view_.area.left}, area.width(), channels_,
               out);
  }
  view_ = {converted_.data(), static_cast<ptrdiff_t>(row), area};
  return {};
}

bool PictureDecoder::TakePixels(size_t most, AlignedBuffer* pixels) {
  const bool is_whole =
      view_.area == Rect{0, 0, width_, height_} && view_.stride == ptrdiff_t{channels_} * width_;
  for (AlignedBuffer* held : {&pixels_, &converted_, &turned_}) {
    if (!is_whole || view_.data != held->data() || held->capacity() > most) continue;
    std::swap(*held, *pixels);
    return true;
  }
  return false;
}

size_t PictureDecoder::HeldBytes() const {
  return jpeg_.HeldBytes() + file_.capacity() + pixels_.capacity() + converted_.capacity() +
         turned_.capacity();
}

void PictureDecoder::Release() {
  jpeg_.Release();
  file_.Release();
  pixels_.Release();
  converted_.Release();
  turned_.Release();
}

}  // namespace regcore
