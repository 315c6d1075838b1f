// The result of a step: a code, and words for the user. No exception crosses a file border.
#pragma once

#include <string>
#include <utility>

namespace regcore {

enum class StatusCode {
  kOk = 0,
  kUnsupported,  // not a JPEG that this core takes; another decoder may know it
  kCorrupt,      // libjpeg refused the bytes
  kTruncated,    // the bytes end before the image does
  kTooLarge,     // over a limit, found before any allocation
  kTooSmall,     // has fewer pixels than the recipe needs
  kIo,           // the operating system refused to read
  kOutput,       // ... or to write: the disk is full, or the folder has gone
  kOutOfMemory,  // an allocation failed; concerns this image alone
  kEnvironment,  // the process lacks file handles or the like; no image is to blame
  kExternal,     // the decoder for everything that is not JPEG refused
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

}  // namespace regcore

// The name in it is like no other: the expression would see it in place of what it hides.
#define REGCORE_RETURN_IF_ERROR(expression)                                              \
  do {                                                                                   \
    if (::regcore::Status returned_if_error_ = (expression); !returned_if_error_.ok()) { \
      return returned_if_error_;                                                         \
    }                                                                                    \
  } while (false)
