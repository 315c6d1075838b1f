// A whole picture, or the part of it that is wanted, from wherever it comes.
#pragma once

#include <cstddef>

#include "base/aligned_buffer.h"
#include "base/image_limits.h"
#include "base/image_view.h"
#include "base/memory_budget.h"
#include "base/simd_level.h"
#include "base/status.h"
#include "jpeg/jpeg_decoder.h"
#include "preprocess/external_decoder.h"
#include "preprocess/fetched_bytes.h"
#include "preprocess/image_source.h"

namespace regcore {

// One picture after the other: Open, which tells its size, then Decode. Belongs to one thread; its
// memory is reused from picture to picture.
class PictureDecoder {
 public:
  PictureDecoder(const DecodeLimits& limits, SimdLevel level)
      : limits_(limits), jpeg_(limits, level) {}

  // `channels`: 1, 3 or 4, what an encoded picture is converted to as by Pillow (L, RGB, RGBA);
  // pixels have them. `upright`: whether it is turned as its EXIF orientation says. `external`
  // decodes what is not a JPEG that the core takes. All of it must stay valid until Decode has
  // returned, pixels until nobody reads the view any more.
  Status Open(const ImageSource& source, int channels, bool upright,
              const ExternalDecoder& external, size_t index);

  // Once it is turned.
  int width() const { return width_; }
  int height() const { return height_; }

  // Sets `view` to pixels of which those of `wanted` mean something, and `readable` to whether
  // kReadSlack bytes past them may be read.
  Status Decode(const Rect& wanted, PixelView* view, bool* readable);

  // Moves the pixels of the picture last decoded into `pixels`, if they are a whole picture without
  // gaps, in memory of the decoder's own of at most `most` bytes.
  bool TakePixels(size_t most, AlignedBuffer* pixels);

  // Lets the bytes of the picture go, which may belong to the caller. Required after an Open.
  void Close() { fetched_.Release(); }

  size_t HeldBytes() const;
  void Release();

 private:
  Status OpenEncoded();
  Status DecodeJpeg(const Rect& wanted);
  Status DecodeExternally();
  Status ConvertRgb(const Rect& area);
  void SetSize(int width, int height, int orientation);

  const DecodeLimits limits_;
  const MemoryShare unlimited_{nullptr, 1};
  JpegDecoder jpeg_;
  AlignedBuffer file_;
  AlignedBuffer pixels_;
  AlignedBuffer converted_;
  AlignedBuffer turned_;

  // Of the picture last opened.
  const ImageSource* source_ = nullptr;
  const ExternalDecoder* external_ = nullptr;
  size_t index_ = 0;
  int channels_ = 3;
  bool upright_ = false;  // wanted
  int stored_width_ = 0;
  int stored_height_ = 0;
  int orientation_ = 1;  // that is to be undone
  int width_ = 0;
  int height_ = 0;
  FetchedBytes fetched_;
  const uint8_t* bytes_ = nullptr;  // encoded
  size_t size_ = 0;
  bool is_jpeg_ = false;  // that is still to be decoded
  PixelView view_;
};

}  // namespace regcore
