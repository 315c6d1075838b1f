#include "files/prefetch_file.h"

#include <fcntl.h>

#include <algorithm>

#include "files/file_descriptor.h"

namespace regcore {
namespace {

// The rest of larger images the system reads ahead by itself, once their beginning is read.
constexpr size_t kMostBytes = size_t{4} << 20;

}  // namespace

std::chrono::nanoseconds PrefetchFile(const char* path, const FileRange* range) {
  std::chrono::nanoseconds opening{0};
#if defined(POSIX_FADV_WILLNEED)
  const off_t offset = range == nullptr ? 0 : static_cast<off_t>(range->offset);
  const size_t bytes = range == nullptr ? kMostBytes : std::min(range->bytes, kMostBytes);
  if (bytes == 0) return opening;  // which would mean all up to the end
  const auto start = std::chrono::steady_clock::now();
  const FileDescriptor file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  opening = std::chrono::steady_clock::now() - start;
  if (file.get() >= 0) {
    ::posix_fadvise(file.get(), offset, static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
  }
#else
  (void)path;
  (void)range;
#endif
  return opening;
}

}  // namespace regcore
