#include "files/file_output.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
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

namespace {

// A name that only the system's random numbers know; the pattern is that of regcore/atomic.py.
bool RandomName(std::string* name) {
  uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) return false;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016" PRIx64, random);
  *name = std::string(".regcore-") + digits + ".tmp";
  return true;
}

// Whether `path` is still the open file: before the lock was held it could pass for abandoned.
bool IsStillNamed(int file, const char* path) {
  struct stat open_file, named;
  return ::fstat(file, &open_file) == 0 && ::stat(path, &named) == 0 &&
         open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

// Creates an empty, locked file of a new name in `folder`, which ends in '/' or is empty; -1 with
// errno where the system refuses.
int CreateTemporary(const std::string& folder, std::string* path) {
  for (;;) {
    if (!RandomName(path)) return -1;
    path->insert(0, folder);
    const int file = ::open(path->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0 && errno == EEXIST) continue;
    if (file < 0) return -1;
    (void)::flock(file, LOCK_EX | LOCK_NB);  // a file system without locks does without
    if (IsStillNamed(file, path->c_str())) return file;
    ::close(file);
  }
}

}  // namespace

Status WriteFileAtomically(const std::string& path, const uint8_t* bytes, size_t size) {
  // Without a folder rfind gives npos, and npos + 1 is 0.
  std::string temporary;
  FileDescriptor file(CreateTemporary(path.substr(0, path.rfind('/') + 1), &temporary));
  if (file.get() < 0) return SystemError(StatusCode::kOutput, path + ": cannot create");
  Status status = WriteAt(file.get(), 0, bytes, size);
  // The name goes to its place before the lock goes with the descriptor.
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0) {
    status = SystemError(StatusCode::kOutput, path + ": cannot rename into place");
  } else if (!status.ok()) {
    status = {status.code(), path + ": " + status.message()};
  } else if (!file.Close()) {  // NFS and quotas tell of a write only now
    status = SystemError(StatusCode::kOutput, path + ": cannot write");
    ::unlink(path.c_str());
  }
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

}  // namespace regcore
