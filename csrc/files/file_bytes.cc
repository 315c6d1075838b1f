#include "files/file_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "files/file_descriptor.h"

namespace regcore {
namespace {

// Whether two looks at an open file found it unchanged.
bool SameContents(const struct stat& a, const struct stat& b) {
#if defined(__APPLE__)
  const struct timespec &x = a.st_mtimespec, &y = b.st_mtimespec;
#else
  const struct timespec &x = a.st_mtim, &y = b.st_mtim;
#endif
  return a.st_size == b.st_size && x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
}

// For the system call on `path` that has just failed.
Status ReadError(const char* path, const char* action) {
  if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
    return SystemError(StatusCode::kEnvironment, (std::string(path) + ": " + action).c_str());
  }
  // A socket, or a device that is not there.
  if (errno == ENXIO || errno == EOPNOTSUPP) return {StatusCode::kIo, "not a regular file"};
  return SystemError(StatusCode::kIo, action);
}

}  // namespace

Status ReadFile(const char* path, const DecodeLimits& limits, Reservation* reservation,
                AlignedBuffer* buffer, size_t* size) {
  // O_NONBLOCK: opening a FIFO must not hang a worker; it has no effect on regular files.
  const FileDescriptor file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return ReadError(path, "cannot open");
  struct stat before;
  if (::fstat(file.get(), &before) != 0) return ReadError(path, "cannot stat");
  if (!S_ISREG(before.st_mode)) return {StatusCode::kIo, "not a regular file"};
  const size_t bytes = static_cast<size_t>(before.st_size);
  REGCORE_RETURN_IF_ERROR(CheckFileBytes(bytes, limits));
  if (reservation != nullptr) REGCORE_RETURN_IF_ERROR(reservation->Grow(bytes + kReadSlack));
  REGCORE_RETURN_IF_ERROR(buffer->Reserve(bytes + kReadSlack));
  size_t filled = 0;
  while (filled < bytes) {
    const ssize_t got = ::read(file.get(), buffer->data() + filled, bytes - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ReadError(path, "cannot read");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  struct stat after;
  if (::fstat(file.get(), &after) != 0) return ReadError(path, "cannot stat");
  if (filled < bytes || !SameContents(before, after)) {
    return {StatusCode::kIo, "changed while it was read"};
  }
  *size = bytes;
  return {};
}

}  // namespace regcore
