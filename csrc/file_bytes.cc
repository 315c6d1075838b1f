#include "file_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

namespace regcore {
namespace {

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

Status SystemError(const char* action) {
  return {StatusCode::kIo, std::string(action) + ": " + std::generic_category().message(errno)};
}

}  // namespace

Status ReadFile(const char* path, size_t limit, AlignedBuffer* buffer, size_t* size) {
  // O_NONBLOCK: opening a FIFO must not hang a worker; it has no effect on regular files.
  const FileDescriptor file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return SystemError("cannot open");
  struct stat info;
  if (::fstat(file.get(), &info) != 0) return SystemError("cannot stat");
  if (!S_ISREG(info.st_mode)) return {StatusCode::kIo, "not a regular file"};
  const size_t bytes = static_cast<size_t>(info.st_size);
  if (bytes > limit) {
    return {StatusCode::kTooLarge, "file of " + std::to_string(bytes) +
                                       " bytes is over the limit of " + std::to_string(limit)};
  }
  REGCORE_RETURN_IF_ERROR(buffer->Reserve(bytes + kReadSlack));
  size_t filled = 0;
  while (filled < bytes) {
    const ssize_t got = ::read(file.get(), buffer->data() + filled, bytes - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read");
    if (got == 0) break;  // the file shrank while being read; the decoder judges what is there
    filled += static_cast<size_t>(got);
  }
  *size = filled;
  return {};
}

Status WriteFileAtomically(const char* path, const uint8_t* bytes, size_t size, unsigned unique) {
  // Beside the target, for rename, under a name that is short even where the target's is not;
  // without a folder rfind gives npos, and npos + 1 is 0.
  const std::string target = path;
  const std::string temporary = target.substr(0, target.rfind('/') + 1) + ".regcore-" +
                                std::to_string(::getpid()) + "-" + std::to_string(unique) + ".part";
  FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) return SystemError("cannot create");
  const auto fail = [&temporary](const char* action) {
    const Status status = SystemError(action);
    ::unlink(temporary.c_str());
    return status;
  };
  size_t written = 0;
  while (written < size) {
    const ssize_t put = ::write(file.get(), bytes + written, size - written);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail("cannot write");
    written += static_cast<size_t>(put);
  }
  if (!file.Close()) return fail("cannot write");
  if (std::rename(temporary.c_str(), path) != 0) return fail("cannot rename into place");
  return {};
}

}  // namespace regcore
