#include "files/read_ahead.h"

#include <fcntl.h>

#include <algorithm>

#include "files/file_descriptor.h"

namespace regcore {
namespace {

// Of one image: those that are larger are not worth what they would take of the system's memory.
constexpr size_t kMostBytes = size_t{4} << 20;

}  // namespace

void ReadAhead(const char* path, const FileRange* range) {
#if defined(POSIX_FADV_WILLNEED)
  const FileDescriptor file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return;
  const off_t offset = range == nullptr ? 0 : static_cast<off_t>(range->offset);
  const size_t bytes = range == nullptr ? kMostBytes : std::min(range->bytes, kMostBytes);
  ::posix_fadvise(file.get(), offset, static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
#else
  (void)path;
  (void)range;
#endif
}

}  // namespace regcore
