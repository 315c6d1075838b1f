#include "base/memory_budget.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <array>
#include <string>

namespace regcore {
namespace {

constexpr size_t kMaxIdleLimit = size_t{64} << 20;  // more would not make ordinary photos faster

enum class Rounding { kUp, kDown };

// 12.3 MiB, 768 KiB: what is needed rounded up and what there is rounded down never look the same.
std::string InUnits(size_t bytes, Rounding rounding) {
  static constexpr std::array<const char*, 4> kNames = {" bytes", " KiB", " MiB", " GiB"};
  size_t power = 0;
  while (power + 1 < kNames.size() && (bytes >> (10 * (power + 1))) > 0) ++power;
  const size_t unit = size_t{1} << (10 * power);
  const size_t rest = (bytes % unit) * 10;
  const size_t more = rounding == Rounding::kUp ? unit - 1 : 0;
  const size_t tenths = bytes / unit * 10 + (rest + more) / unit;
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text.append(1, '.').append(std::to_string(tenths % 10));
  return text.append(kNames[power]);
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
    return {StatusCode::kTooLarge,
            "needs " + InUnits(bytes, Rounding::kUp) + " of memory; a budget of " +
                InUnits(budget_->bytes_, Rounding::kDown) + " gives one image " +
                InUnits(budget_->for_images_, Rounding::kDown)};
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
