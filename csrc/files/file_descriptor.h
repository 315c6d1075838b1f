// An open file that closes itself, and the operating system's words as a Status.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "base/status.h"

namespace regcore {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const { return fd_; }
  // Closes now; false when the system reports a late write error (NFS, quotas).
  bool Close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

// For the system call that has just failed.
inline Status SystemError(StatusCode code, const std::string& action) {
  const int error = errno;  // the strings may change it
  return {code, action + ": " + std::generic_category().message(error)};
}

}  // namespace regcore
