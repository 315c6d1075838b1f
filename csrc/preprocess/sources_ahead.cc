#include "preprocess/sources_ahead.h"

#include <algorithm>

#include "files/read_ahead.h"

namespace regcore {

void SourcesAhead::Reset(const std::vector<ImageSource>* sources) {
  sources_ = sources;
  until_.store(0, std::memory_order_relaxed);
  asked_.store(0, std::memory_order_relaxed);
}

void SourcesAhead::Note(size_t index, std::chrono::nanoseconds reading) {
  if (reading > kSlow) until_.store(index + kLasts, std::memory_order_relaxed);
  if (index >= until_.load(std::memory_order_relaxed)) return;
  const size_t end = std::min(index + 1 + kAhead, sources_->size());
  size_t asked = asked_.load(std::memory_order_relaxed);
  // Each is asked for once, by whichever worker moves the end past it.
  for (size_t next; (next = std::max(asked, index + 1)) < end;) {
    if (!asked_.compare_exchange_weak(asked, next + 1, std::memory_order_relaxed)) continue;
    const ImageSource& source = (*sources_)[next];
    if (source.path != nullptr) ReadAhead(source.path, source.is_part ? &source.part : nullptr);
    asked = next + 1;
  }
}

}  // namespace regcore
