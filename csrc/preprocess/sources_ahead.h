// Files of a list that the system is to read while the workers decode those before them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <vector>

#include "preprocess/image_source.h"

namespace regcore {

// Where files come from a disk, each worker would wait for its own, and the disk for the workers.
// Where they are in memory, to ask for them would only cost time: so that is done for a while after
// one was slow to come. Where files are slow to open, as on some network, a worker that opens one
// more often loses more than it gains: then it is not done any more.
class SourcesAhead {
 public:
  // Images that are asked for before their turn, and how many more once one was slow.
  static constexpr size_t kAhead = 32;
  static constexpr size_t kLasts = 512;
  // From memory a photo comes in a tenth of it, if its worker is not interrupted.
  static constexpr std::chrono::microseconds kSlow{200};

  // Begins anew. The sources are the caller's, and stay where they are.
  void Reset(const std::vector<ImageSource>* sources);

  // Image `index` took `reading`; from any thread.
  void Note(size_t index, std::chrono::nanoseconds reading);

  // The end of what has been asked for.
  size_t asked() const { return asked_.load(std::memory_order_relaxed); }

 private:
  bool OpensSlowly() const;

  const std::vector<ImageSource>* sources_ = nullptr;
  std::atomic<size_t> until_{0};  // images before it have others asked for
  std::atomic<size_t> asked_{0};
  std::atomic<size_t> opened_{0};
  std::atomic<size_t> slow_{0};  // of these, to open
};

}  // namespace regcore
