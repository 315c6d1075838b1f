#include "file_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "file_descriptor.h"

namespace regcore {

Status ReadFile(const char* path, size_t limit, AlignedBuffer* buffer, size_t* size) {
  // O_NONBLOCK: opening a FIFO must not hang a worker; it has no effect on regular files.
  const FileDescriptor file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return SystemError(StatusCode::kIo, "cannot open");
  struct stat info;
  if (::fstat(file.get(), &info) != 0) return SystemError(StatusCode::kIo, "cannot stat");
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
    if (got < 0) return SystemError(StatusCode::kIo, "cannot read");
    if (got == 0) break;  // the file shrank while being read; the decoder judges what is there
    filled += static_cast<size_t>(got);
  }
  *size = filled;
  return {};
}

}  // namespace regcore
