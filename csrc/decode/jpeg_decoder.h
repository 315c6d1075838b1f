// libjpeg-turbo behind one class: JPEG bytes → RGB8 pixels of a region.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cpu.h"
#include "decode/decode_limits.h"
#include "image.h"
#include "status.h"

namespace regcore {

// Version of the libjpeg-turbo headers that this was built with, e.g. "2.1.5".
const char* JpegLibraryVersion();

// How much of a JPEG to decode.
enum class DecodeExtent {
  kWanted,         // the wanted part
  kWantedChecked,  // the same, and the rest is looked through for damage
  kWhole,
};

// Decodes one JPEG after the other, none of which leaves a trace in the next. Not thread-safe: one
// per worker. Pixels are those of a full decode with the ISLOW DCT and fancy upsampling, as
// Pillow's.
class JpegDecoder {
 public:
  explicit JpegDecoder(const DecodeLimits& limits = {}, SimdLevel level = SimdLevel::kPortable);
  ~JpegDecoder();
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  // Reads the header. `bytes` must stay valid until the Decode that follows. kUnsupported: not a
  // JPEG, or one whose colours are not grey, YCbCr or RGB at 8 bits. kTooLarge: over a limit.
  Status Open(const uint8_t* bytes, size_t size);

  // Gives libjpeg's memory back before the next Open does.
  void Release();

  // In pixels, of the JPEG last opened.
  int width() const;
  int height() const;

  // What Decode holds at most, and of that what libjpeg does; in bytes, from the header.
  size_t DecodeBytes() const;
  size_t LibraryBytes() const;

  // How often libjpeg repaired damage in the JPEG last opened, as far as Decode looked, and its
  // first words on it.
  size_t warnings() const;
  const char* first_warning() const;

  // Decodes at least `wanted` into `pixels` and sets `view` to what was decoded. Columns and rows
  // outside are skipped where that is proven equal to a full decode: a baseline or extended
  // sequential scan with whole-number sampling ratios, without damage in the part decoded. The same
  // pixels result from every `extent`, and with kWantedChecked the same warnings as with kWhole. A
  // picture cut short is kTruncated and a stray marker kCorrupt, also in the part not wanted. A
  // progressive picture that lacks scans is kUnsupported.
  Status Decode(const Rect& wanted, DecodeExtent extent, AlignedBuffer* pixels, RgbView* view);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regcore
