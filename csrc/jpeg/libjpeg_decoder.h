// libjpeg-turbo as one class: headers, and whole images as RGB8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/aligned_buffer.h"
#include "base/image_limits.h"
#include "base/image_view.h"
#include "base/status.h"
#include "jpeg/baseline/scan_header.h"
#include "jpeg/progressive/progressive_header.h"

namespace regcore {

class LibjpegSession;

// The version of the libjpeg-turbo headers that this was built with, e.g. "2.1.5".
const char* JpegLibraryVersion();

// Whether libjpeg-turbo is inside this build, as in wheels, and not the system's.
bool JpegLibraryIsBundled();

// Whether the bytes begin as a JPEG does.
bool IsJpeg(const uint8_t* bytes, size_t size);

// Decodes one JPEG after the other, none of which leaves a trace in the next. Not thread-safe.
class LibjpegDecoder {
 public:
  explicit LibjpegDecoder(const DecodeLimits& limits);
  ~LibjpegDecoder();
  LibjpegDecoder(const LibjpegDecoder&) = delete;
  LibjpegDecoder& operator=(const LibjpegDecoder&) = delete;

  // Reads the header. `bytes` must stay valid until the Decode that follows. kUnsupported: not a
  // JPEG, or one whose colours are not grey, YCbCr, RGB, CMYK or YCCK at 8 bits. kTooLarge: over a
  // limit.
  Status Open(const uint8_t* bytes, size_t size);

  // Gives libjpeg's memory back before the next Open does.
  void Release();

  // The size of the JPEG last opened, in pixels.
  int width() const;
  int height() const;

  // Whether it has inks, CMYK or YCCK, which not all libraries see alike.
  bool has_inks() const;

  // What Decode has libjpeg hold at most, from the header; and what it holds now.
  size_t DecodeBytes() const { return library_bytes_; }
  size_t HeldBytes() const { return started_ ? library_bytes_ : 0; }

  // How often libjpeg repaired damage in the JPEG last opened, as far as it was read, and its first
  // words on it.
  size_t warnings() const;
  const char* first_warning() const;

  // What the header says of the image's one scan, if it is a kind of which ScanHeader can tell
  // all, without damage so far. It points into memory that lasts until the next Open or Release.
  bool DescribeScan(ScanHeader* scan) const;

  // The same of a progressive image's first scan, and of what the headers say up to there.
  bool DescribeProgression(ProgressiveHeader* header) const;

  // Decodes all, with the ISLOW DCT and fancy upsampling, as Pillow does; inks become RGB as its
  // convert("RGB") has it. An image cut short is kTruncated, a stray marker kCorrupt. A progressive
  // image that lacks scans is kUnsupported.
  Status Decode(AlignedBuffer* pixels, RgbView* view);

 private:
  Status ReadInks(const RgbView& view, uint8_t* rgb);

  const DecodeLimits limits_;
  std::unique_ptr<LibjpegSession> session_;  // jpeglib.h and its macros stay out of this header
  size_t library_bytes_ = 0;
  bool started_ = false;
};

}  // namespace regcore
