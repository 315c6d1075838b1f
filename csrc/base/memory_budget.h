// A bound on what all images in work hold together, from their headers, before it is allocated.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "base/status.h"

namespace regcore {

// Three quarters are for large images, which ask for their part and wait for it one after the
// other. The last quarter is shared out to workers, who take what fits in without asking.
class MemoryBudget {
 public:
  explicit MemoryBudget(size_t bytes);

  // The most that one image may have.
  size_t for_one_image() const { return for_images_; }

 private:
  friend class MemoryShare;
  friend class Reservation;

  const size_t bytes_;
  const size_t for_images_;
  std::mutex turn_;  // of the one image that waits, from its first request to its last
  std::mutex mutex_;
  std::condition_variable given_back_;
  size_t free_for_images_;
  size_t free_for_workers_;
};

// What every worker of a team may hold without asking: idle_limit() from image to image, and as
// much again for the image in work.
class MemoryShare {
 public:
  // Without a budget, a fixed amount to keep, and no limit to an image.
  MemoryShare(MemoryBudget* budget, size_t workers);
  ~MemoryShare();
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

  MemoryBudget* budget() const { return budget_; }
  size_t idle_limit() const { return idle_limit_; }

 private:
  MemoryBudget* const budget_;
  const size_t workers_;
  size_t idle_limit_;
};

// What one image holds, given back at its end. Belongs to one thread.
class Reservation {
 public:
  explicit Reservation(const MemoryShare& share)
      : budget_(share.budget()), free_(share.idle_limit()) {}
  ~Reservation();
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  // Gives everything back, once it is freed; required between a ReleaseTurn and a further GrowTo.
  void Release();

  // The image is going to hold `bytes` in all. Waits until other images have given back enough;
  // they do, for whoever waits has his turn, and nobody holds anything while waiting for that.
  // kTooLarge: more than one image may have.
  Status GrowTo(size_t bytes);

  // Whether the image was large enough to ask.
  bool is_large() const { return held_ > 0; }

  // The image will not grow any more: the next one's turn. Required before anything that takes
  // long.
  void ReleaseTurn();

 private:
  MemoryBudget* const budget_;
  const size_t free_;
  size_t held_ = 0;
  bool has_turn_ = false;
};

// Makes the C library give freed memory back to the system, which its per-thread pools otherwise
// keep: a budget of what is allocated would not bound the process. A MemoryBudget has it do so with
// large blocks from then on.
void ReturnFreedMemory();

}  // namespace regcore
