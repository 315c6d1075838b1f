#include "preprocess/sources_ahead.h"

#include <algorithm>

#include "files/prefetch_file.h"

namespace regcore {
namespace {

// A file of a disk is open much sooner, and one of a network not always.
constexpr std::chrono::microseconds kSlowToOpen{500};

// So many are opened at least before they count: a worker may have been interrupted in one.
constexpr size_t kTried = 8;

}  // namespace

void SourcesAhead::Reset(const std::vector<ImageSource>* sources) {
  sources_ = sources;
  for (std::atomic<size_t>* count : {&until_, &asked_, &opened_, &slow_}) {
    count->store(0, std::memory_order_relaxed);
  }
}

bool SourcesAhead::OpensSlowly() const {
  const size_t opened = opened_.load(std::memory_order_relaxed);
  return opened >= kTried && 2 * slow_.load(std::memory_order_relaxed) > opened;
}

void SourcesAhead::Note(size_t index, std::chrono::nanoseconds reading) {
  if (reading > kSlow) until_.store(index + kLasts, std::memory_order_relaxed);
  if (index >= until_.load(std::memory_order_relaxed)) return;
  const size_t end = std::min(index + 1 + kAhead, sources_->size());
  size_t asked = asked_.load(std::memory_order_relaxed);
  // Each is asked for once, by whichever worker moves the end past it.
  for (size_t next; (next = std::max(asked, index + 1)) < end && !OpensSlowly();) {
    if (!asked_.compare_exchange_weak(asked, next + 1, std::memory_order_relaxed)) continue;
    asked = next + 1;
    const ImageSource& source = (*sources_)[next];
    if (source.path == nullptr) continue;
    const auto opening = PrefetchFile(source.path, source.is_part ? &source.part : nullptr);
    opened_.fetch_add(1, std::memory_order_relaxed);
    if (opening > kSlowToOpen) slow_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace regcore
