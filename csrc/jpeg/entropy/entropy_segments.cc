#include "jpeg/entropy/entropy_segments.h"

#include <cstring>

namespace regcore {

Status EntropySegments::Open(const uint8_t* data, size_t size) {
  next_ = data;
  end_ = data + size;
  return buffer_.Reserve(BytesFor(size));
}

bool EntropySegments::Next() {
  uint8_t* out = buffer_.data();
  for (const uint8_t* p = next_;;) {
    const auto* mark =
        static_cast<const uint8_t*>(std::memchr(p, 0xFF, static_cast<size_t>(end_ - p)));
    if (mark == nullptr || end_ - mark < 2) return false;
    const size_t run = static_cast<size_t>(mark - p);
    std::memcpy(out, p, run);
    out += run;
    p = mark + 2;
    if (mark[1] == 0) {
      *out++ = 0xFF;
      continue;
    }
    marker_ = mark[1];
    next_ = p;
    size_ = static_cast<size_t>(out - buffer_.data());
    std::memset(out, 0, kReadAhead);
    return true;
  }
}

}  // namespace regcore
