// One JPEG's way through libjpeg.
//
// libjpeg reports errors by longjmp, so all that it needs lives in a session, and no function that
// calls setjmp owns an object with a destructor.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>

// jpeglib.h needs size_t and FILE declared.
// clang-format off
#include <jpeglib.h>
// clang-format on

#include "base/status.h"

namespace regcore {

// Usable for one JPEG after the other, none of which leaves a trace in the next.
class LibjpegSession {
 public:
  LibjpegSession() = default;
  ~LibjpegSession() { Close(); }
  LibjpegSession(const LibjpegSession&) = delete;
  LibjpegSession& operator=(const LibjpegSession&) = delete;

  // Reads the header. `bytes` must stay valid until Close or the next Open.
  Status Open(const uint8_t* bytes, size_t size) { return ToStatus(ReadHeader(bytes, size)); }

  // These come after Open, in this order; ReadRows, of the next `count` rows, until all are read.
  // Pixels are RGB8, or CMYK8 as it is stored where there are four components.
  Status Start() { return ToStatus(TryStart()); }
  Status ReadRows(uint8_t* pixels, ptrdiff_t stride, int count) {
    return ToStatus(TryReadRows(pixels, stride, static_cast<JDIMENSION>(count)));
  }
  Status Finish() { return ToStatus(TryFinish()); }

  // Gives libjpeg's memory back.
  void Close();

  // What libjpeg knows of the JPEG last opened; all zeros before the first one.
  const jpeg_decompress_struct& info() const { return info_; }
  bool HasSeveralScans() { return jpeg_has_multiple_scans(&info_) != FALSE; }

  // The bytes that libjpeg has not read yet, given to it or not.
  const uint8_t* unread() const { return source_.base.next_input_byte; }
  const uint8_t* end() const { return bytes_ + size_; }

  // How often libjpeg repaired damage, and its first words on it.
  size_t warnings() const { return static_cast<size_t>(errors_.base.num_warnings); }
  const char* first_warning() const { return errors_.first_warning; }

 private:
  struct ErrorManager {
    jpeg_error_mgr base;  // first: libjpeg sees only this
    std::jmp_buf jump;
    char message[JMSG_LENGTH_MAX];
    char first_warning[JMSG_LENGTH_MAX];
  };

  struct Source {
    jpeg_source_mgr base;  // first: libjpeg sees only this
    size_t to_skip;        // of what is not given yet
  };

  // What libjpeg calls.
  [[noreturn]] static void OnError(j_common_ptr info);
  static void CountWarning(j_common_ptr info, int level);
  static void SkipInput(j_decompress_ptr info, long count);

  // The calls into libjpeg that may fail. On failure `errors_.message` has the words.
  StatusCode Create();
  StatusCode ReadHeader(const uint8_t* bytes, size_t size);
  StatusCode TryStart();
  StatusCode TryReadRows(uint8_t* pixels, ptrdiff_t stride, JDIMENSION count);
  StatusCode TryFinish();

  bool GiveMore();
  StatusCode Fail(StatusCode code, const char* words);
  StatusCode CodeOfError();
  Status ToStatus(StatusCode code) const {
    return code == StatusCode::kOk ? Status() : Status(code, errors_.message);
  }

  jpeg_decompress_struct info_{};
  ErrorManager errors_{};
  Source source_{};
  bool created_ = false;
  const uint8_t* bytes_ = nullptr;
  size_t size_ = 0;
  size_t given_ = 0;  // bytes that libjpeg was given
};

}  // namespace regcore
