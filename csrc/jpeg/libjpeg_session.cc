#include "jpeg/libjpeg_session.h"

#include <jerror.h>

#include <algorithm>

#include "jpeg/entropy/markers.h"

namespace regcore {
namespace {

void PrintNothing(j_common_ptr) {}

void DoNothing(j_decompress_ptr) {}

// Libjpeg suspends, and goes on with the next block, if there is one. (Its own memory source
// invents an EOI at the end of the bytes, where Pillow fails.)
boolean NoMoreInput(j_decompress_ptr) { return FALSE; }

// Pillow gives libjpeg so many bytes at a time, and no more once it has all rows: what comes later
// is never seen.
constexpr size_t kBlock = 65536;

}  // namespace

void LibjpegSession::OnError(j_common_ptr info) {
  auto* errors = reinterpret_cast<ErrorManager*>(info->err);
  errors->base.format_message(info, errors->message);
  std::longjmp(errors->jump, 1);
}

// Damage that libjpeg repairs; Pillow also accepts it.
void LibjpegSession::CountWarning(j_common_ptr info, int level) {
  if (level >= 0) return;  // a trace message
  auto* errors = reinterpret_cast<ErrorManager*>(info->err);
  if (errors->base.num_warnings++ == 0) errors->base.format_message(info, errors->first_warning);
}

void LibjpegSession::SkipInput(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  auto* source = reinterpret_cast<Source*>(info->src);
  const size_t step = std::min(static_cast<size_t>(count), source->base.bytes_in_buffer);
  source->base.next_input_byte += step;
  source->base.bytes_in_buffer -= step;
  source->to_skip = static_cast<size_t>(count) - step;
}

StatusCode LibjpegSession::Fail(StatusCode code, const char* words) {
  std::snprintf(errors_.message, sizeof(errors_.message), "%s", words);
  return code;
}

StatusCode LibjpegSession::CodeOfError() {
  switch (errors_.base.msg_code) {
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
      return StatusCode::kUnsupported;
    case JERR_OUT_OF_MEMORY:
      return StatusCode::kOutOfMemory;
    case JERR_CANT_SUSPEND:  // libjpeg's arithmetic decoder wants all bytes in one block
      return Fail(StatusCode::kTruncated,
                  given_ == size_
                      ? "file is cut short in the image data"
                      : "an arithmetic-coded JPEG over 64 KiB, which Pillow cannot decode");
    default:
      return StatusCode::kCorrupt;
  }
}

StatusCode LibjpegSession::Create() {
  info_.err = jpeg_std_error(&errors_.base);
  errors_.first_warning[0] = '\0';
  errors_.base.error_exit = OnError;
  errors_.base.emit_message = CountWarning;
  errors_.base.output_message = PrintNothing;
  if (setjmp(errors_.jump) != 0) return CodeOfError();
  created_ = true;  // also what fails half-way must be destroyed
  jpeg_create_decompress(&info_);
  source_.base.init_source = DoNothing;
  source_.base.fill_input_buffer = NoMoreInput;
  source_.base.skip_input_data = SkipInput;
  source_.base.resync_to_restart = jpeg_resync_to_restart;
  source_.base.term_source = DoNothing;
  info_.src = &source_.base;
  return StatusCode::kOk;
}

void LibjpegSession::Close() {
  if (created_) jpeg_destroy_decompress(&info_);
  created_ = false;
}

// The next block; false at the end of the bytes.
bool LibjpegSession::GiveMore() {
  do {
    if (given_ == size_) return false;
    const size_t more = std::min(kBlock, size_ - given_);
    given_ += more;
    source_.base.bytes_in_buffer += more;
    SkipInput(&info_, static_cast<long>(source_.to_skip));
  } while (source_.to_skip > 0);
  return true;
}

StatusCode LibjpegSession::ReadHeader(const uint8_t* bytes, size_t size) {
  Close();  // jpeg_abort would keep the tables of the JPEG before
  bytes_ = bytes;
  size_ = size;
  if (const StatusCode code = Create(); code != StatusCode::kOk) return code;
  if (setjmp(errors_.jump) != 0) return CodeOfError();
  source_.base.next_input_byte = bytes_;
  source_.base.bytes_in_buffer = 0;
  source_.to_skip = 0;
  given_ = 0;
  while (GiveMore()) {
    int result = JPEG_HEADER_TABLES_ONLY;  // an image of tables alone may come before
    while (result == JPEG_HEADER_TABLES_ONLY) result = jpeg_read_header(&info_, FALSE);
    if (result == JPEG_HEADER_OK) return StatusCode::kOk;
  }
  return Fail(StatusCode::kTruncated, "file is cut short in the JPEG header");
}

StatusCode LibjpegSession::TryStart() {
  if (setjmp(errors_.jump) != 0) return CodeOfError();
  info_.out_color_space = info_.num_components == 4 ? JCS_CMYK : JCS_RGB;
  info_.dct_method = JDCT_ISLOW;
  info_.do_fancy_upsampling = TRUE;
  do {
    if (jpeg_start_decompress(&info_)) return StatusCode::kOk;
  } while (GiveMore());
  return Fail(StatusCode::kTruncated, "file is cut short in the image data");
}

StatusCode LibjpegSession::TryReadRows(uint8_t* pixels, ptrdiff_t stride, JDIMENSION count) {
  if (setjmp(errors_.jump) != 0) return CodeOfError();
  constexpr JDIMENSION kRowsPerCall = 16;
  const JDIMENSION first = info_.output_scanline;
  while (info_.output_scanline < first + count) {
    JSAMPROW rows[kRowsPerCall];
    const JDIMENSION done = info_.output_scanline - first;
    const JDIMENSION wanted = std::min(kRowsPerCall, count - done);
    for (JDIMENSION i = 0; i < wanted; ++i) {
      rows[i] = pixels + static_cast<ptrdiff_t>(done + i) * stride;
    }
    if (jpeg_read_scanlines(&info_, rows, wanted) == 0 && !GiveMore()) {
      return Fail(StatusCode::kTruncated, "file is cut short in the image data");
    }
  }
  return StatusCode::kOk;
}

// Reads on to the end of the image as far as it is given, as Pillow does; a missing one is no error
// once all rows are there.
StatusCode LibjpegSession::TryFinish() {
  if (setjmp(errors_.jump) != 0) return CodeOfError();
  if (jpeg_finish_decompress(&info_)) return StatusCode::kOk;
  // libjpeg-turbo 2 wants all of a second frame header before it refuses it, version 3 does not.
  return IsFrame(info_.unread_marker) ? Fail(StatusCode::kCorrupt, "a second frame header")
                                      : StatusCode::kOk;
}

}  // namespace regcore
