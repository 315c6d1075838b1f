#include "files/write_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
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

Status OutputError(const char* path, const char* action) {
  return SystemError(StatusCode::kOutput, (std::string(path) + ": " + action).c_str());
}

// Sixteen hexadecimal digits that nobody can derive; empty where the system has no randomness.
std::string RandomName() {
  uint64_t bits = 0;
  if (::getentropy(&bits, sizeof(bits)) != 0) return {};
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016" PRIx64, bits);
  return digits.data();
}

bool IsFile(int file, const char* path) {
  struct stat opened{};
  struct stat named{};
  return ::fstat(file, &opened) == 0 && ::lstat(path, &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

// A new, empty file in `folder` ("" or up to its last slash), locked, whose name goes to `name`;
// -1 and errno where there is none. Without that lock, regcore takes the file for abandoned.
int CreateTemporary(const std::string& folder, std::string* name) {
  while (true) {
    const std::string digits = RandomName();
    if (digits.empty()) return -1;
    *name = folder + ".regcore-" + digits + ".tmp";
    const int file = ::open(name->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0 && (errno == EEXIST || errno == EINTR)) continue;
    if (file < 0) return -1;
    ::flock(file, LOCK_EX | LOCK_NB);  // fails on a file system without locks
    if (IsFile(file, name->c_str())) return file;
    ::close(file);  // it was taken for abandoned in the moment before it was locked
  }
}

}  // namespace

Status WriteFileAtomically(const char* path, const uint8_t* bytes, size_t size) {
  // Beside the target, for rename, under a name that is short even where the target's is not;
  // without a folder rfind gives npos, and npos + 1 is 0.
  const std::string target = path;
  std::string temporary;
  FileDescriptor file(CreateTemporary(target.substr(0, target.rfind('/') + 1), &temporary));
  if (file.get() < 0) return OutputError(path, "cannot create");
  // Holds the lock as long as the temporary name may exist, while closing tells of late errors.
  const FileDescriptor lock(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
  Status status = WriteAt(file.get(), 0, bytes, size);
  if (!status.ok()) {
    status = {status.code(), target + ": " + status.message()};
  } else if (!file.Close()) {
    status = OutputError(path, "cannot write");
  } else if (std::rename(temporary.c_str(), path) != 0) {
    status = OutputError(path, "cannot rename into place");
  }
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

}  // namespace regcore
