#include "preprocess/external_decoder.h"

#include <algorithm>
#include <string>

namespace regcore {
namespace {

std::string Size(int width, int height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace

Status ExternalImage::Reserve(int width, int height, size_t bytes_per_pixel) {
  if (width < 1 || height < 1) {
    return {StatusCode::kExternal, "a picture of " + Size(width, height) + " pixels"};
  }
  REGCORE_RETURN_IF_ERROR(CheckPixels(width, height, limits_));
  const size_t rows = static_cast<size_t>(std::max(width, height));
  const size_t pixels = static_cast<size_t>(int64_t{width} * height);
  const size_t channels = static_cast<size_t>(channels_);
  // The decoder has copies of its own: as a file, and for some formats as one block.
  REGCORE_RETURN_IF_ERROR(reservation_.GrowTo(3 * size_ + pixels * (bytes_per_pixel + channels) +
                                              rows * row_bytes_ + window_bytes_ + kReadSlack));
  reservation_.ReleaseTurn();
  reserved_pixels_ = int64_t{width} * height;
  return {};
}

Status ExternalImage::Allocate(int width, int height, uint8_t** pixels) {
  if (width < 1 || height < 1 || int64_t{width} * height > reserved_pixels_) {
    return {StatusCode::kExternal, "grew to " + Size(width, height) + " pixels while decoded"};
  }
  const size_t stride = static_cast<size_t>(channels_) * static_cast<size_t>(width);
  REGCORE_RETURN_IF_ERROR(pixels_.Reserve(stride * static_cast<size_t>(height) + kReadSlack));
  view_ = {pixels_.data(), static_cast<ptrdiff_t>(stride), Rect{0, 0, width, height}};
  *pixels = pixels_.data();
  return {};
}

}  // namespace regcore
