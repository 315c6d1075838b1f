#include "files/file_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "files/file_descriptor.h"

namespace regcore {

Status WriteAt(int file, size_t offset, const uint8_t* bytes, size_t size) {
  size_t written = 0;
  while (written < size) {
    const ssize_t put =
        ::pwrite(file, bytes + written, size - written, static_cast<off_t>(offset + written));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SystemError(StatusCode::kOutput, "cannot write");
    written += static_cast<size_t>(put);
  }
  return {};
}

Status WriteFileAtomically(const char* path, const uint8_t* bytes, size_t size, unsigned unique) {
  // Beside the target, for rename, under a name that is short even where the target's is not;
  // without a folder rfind gives npos, and npos + 1 is 0.
  const std::string target = path;
  const std::string temporary = target.substr(0, target.rfind('/') + 1) + ".regcore-" +
                                std::to_string(::getpid()) + "-" + std::to_string(unique) + ".part";
  FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) return SystemError(StatusCode::kOutput, "cannot create");
  Status status = WriteAt(file.get(), 0, bytes, size);
  if (status.ok() && !file.Close()) status = SystemError(StatusCode::kOutput, "cannot write");
  if (status.ok() && std::rename(temporary.c_str(), path) != 0) {
    status = SystemError(StatusCode::kOutput, "cannot rename into place");
  }
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

}  // namespace regcore
