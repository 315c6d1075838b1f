#include "base/memory_budget.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <string>

namespace regcore {
namespace {

constexpr size_t kMaxIdleLimit = size_t{64} << 20;  // more would not make ordinary photos faster

std::string Mebibytes(size_t bytes) {
  return std::to_string((bytes + (size_t{1} << 20) - 1) >> 20) + " MiB";
}

// Blocks of a mebibyte and more always come from the system, and go back to it. glibc would raise
// this bound to what it has seen freed, and then keep such blocks at the end of each thread's pool,
// which malloc_trim does not look at.
void KeepPoolsSmall() {
#if defined(__GLIBC__)
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

}  // namespace

MemoryBudget::MemoryBudget(size_t bytes)
    : bytes_(bytes),
      for_images_(bytes - bytes / 4),
      free_for_images_(for_images_),
      free_for_workers_(bytes / 4) {
  KeepPoolsSmall();
}

MemoryShare::MemoryShare(MemoryBudget* budget, size_t workers)
    : budget_(budget), workers_(workers), idle_limit_(kMaxIdleLimit) {
  if (budget_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(budget_->mutex_);
  idle_limit_ = std::min(kMaxIdleLimit, budget_->free_for_workers_ / 2 / workers_);
  budget_->free_for_workers_ -= 2 * idle_limit_ * workers_;
}

MemoryShare::~MemoryShare() {
  if (budget_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(budget_->mutex_);
  budget_->free_for_workers_ += 2 * idle_limit_ * workers_;
}

Reservation::~Reservation() { Release(); }

void Reservation::Release() {
  ReleaseTurn();
  if (held_ == 0) return;
  {
    const std::lock_guard<std::mutex> lock(budget_->mutex_);
    budget_->free_for_images_ += held_;
    held_ = 0;
  }
  budget_->given_back_.notify_one();  // only one waits
}

Status Reservation::GrowTo(size_t bytes) {
  if (budget_ == nullptr || bytes <= free_ || bytes <= held_) return {};
  if (bytes > budget_->for_images_) {
    return {StatusCode::kTooLarge, "needs " + Mebibytes(bytes) + " of memory; a budget of " +
                                       Mebibytes(budget_->bytes_) + " gives one image " +
                                       Mebibytes(budget_->for_images_)};
  }
  if (!has_turn_) budget_->turn_.lock();
  has_turn_ = true;
  std::unique_lock<std::mutex> lock(budget_->mutex_);
  const size_t missing = bytes - held_;
  budget_->given_back_.wait(lock, [&] { return budget_->free_for_images_ >= missing; });
  budget_->free_for_images_ -= missing;
  held_ = bytes;
  return {};
}

void ReturnFreedMemory() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

void Reservation::ReleaseTurn() {
  if (has_turn_) budget_->turn_.unlock();
  has_turn_ = false;
}

}  // namespace regcore
