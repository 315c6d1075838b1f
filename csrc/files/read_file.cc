#include "files/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
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

// How long a file has been as it is, in ns; negative where its clock is ahead of ours.
int64_t AgeOf(const struct stat& file) {
#if defined(__APPLE__)
  const struct timespec& changed = file.st_mtimespec;
#else
  const struct timespec& changed = file.st_mtim;
#endif
  struct timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t{now.tv_sec} - changed.tv_sec) * 1000000000 + (now.tv_nsec - changed.tv_nsec);
}

// Looks at an open file, and once more a little later where it has just been written: the system
// stamps files by a clock that stands still for some milliseconds, in which changes go unseen.
bool LookWhenSettled(int file, struct stat* found) {
  constexpr int64_t kTick = 20000000;  // ns; the slowest clock in use ticks every 10 ms
  if (::fstat(file, found) != 0) return false;
  const int64_t age = AgeOf(*found);
  if (!S_ISREG(found->st_mode) || age < 0 || age > kTick) return true;
  const struct timespec pause = {0, static_cast<long>(kTick)};
  ::nanosleep(&pause, nullptr);
  return ::fstat(file, found) == 0;
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

Status CutShort(const FileRange& range, uint64_t end) {
  return {StatusCode::kIo, "cut short: its file has " + std::to_string(end) +
                               " bytes, and this image has " + std::to_string(range.bytes) +
                               " from byte " + std::to_string(range.offset) + " on"};
}

}  // namespace

Status CheckFileBytes(size_t bytes, size_t max_bytes) {
  if (bytes <= max_bytes) return {};
  return {StatusCode::kTooLarge, "file of " + std::to_string(bytes) +
                                     " bytes is over the limit of " + std::to_string(max_bytes)};
}

Status ReadFile(const char* path, const FileRange* range, size_t max_bytes,
                Reservation* reservation, AlignedBuffer* buffer, size_t* size) {
  // O_NONBLOCK: opening a FIFO must not hang a worker; it has no effect on regular files.
  const FileDescriptor file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return ReadError(path, "cannot open");
  struct stat before;
  if (!LookWhenSettled(file.get(), &before)) return ReadError(path, "cannot stat");
  if (!S_ISREG(before.st_mode)) return {StatusCode::kIo, "not a regular file"};
  const uint64_t end = static_cast<uint64_t>(before.st_size);
  const uint64_t offset = range == nullptr ? 0 : range->offset;
  const size_t bytes = range == nullptr ? static_cast<size_t>(end) : range->bytes;
  if (offset > end || bytes > end - offset) return CutShort(*range, end);
  REGCORE_RETURN_IF_ERROR(CheckFileBytes(bytes, max_bytes));
  if (reservation != nullptr) REGCORE_RETURN_IF_ERROR(reservation->GrowTo(bytes + kReadSlack));
  REGCORE_RETURN_IF_ERROR(buffer->Reserve(bytes + kReadSlack));
  size_t filled = 0;
  while (filled < bytes) {
    const ssize_t got = ::pread(file.get(), buffer->data() + filled, bytes - filled,
                                static_cast<off_t>(offset + filled));
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
