#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/memory_budget.h"
#include "random.h"

namespace regcore {
namespace {

constexpr size_t kMebibyte = size_t{1} << 20;

// Threads that ask in two steps, hold for a moment and give back; the sum never exceeds the bound.
TEST(MemoryBudgetTest, TheSumNeverExceedsTheBound) {
  MemoryBudget budget(64 * kMebibyte);
  const MemoryShare share(&budget, 8);
  std::atomic<size_t> held{0};
  std::atomic<size_t> refused{0};
  std::atomic<bool> exceeded{false};
  const auto work = [&](uint32_t seed) {
    Random random(seed);
    for (int i = 0; i < 200; ++i) {
      const size_t first = static_cast<size_t>(random.Between(1, 20)) * kMebibyte;
      const size_t all = first + static_cast<size_t>(random.Between(0, 36)) * kMebibyte;
      Reservation reservation(share);
      if (!reservation.GrowTo(first).ok() || !reservation.GrowTo(all).ok()) {
        ++refused;
        continue;
      }
      reservation.ReleaseTurn();
      if (!reservation.is_large()) continue;
      if (held.fetch_add(all) + all > budget.for_one_image()) exceeded = true;
      std::this_thread::yield();
      held.fetch_sub(all);
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t seed = 0; seed < 8; ++seed) threads.emplace_back(work, seed);
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(!exceeded) << "a memory budget holds";
  EXPECT_TRUE(refused > 0) << "more than one image may have is refused";
}

TEST(MemoryBudgetTest, SharesAreGivenBackAndEnd) {
  MemoryBudget budget(64 * kMebibyte);
  const size_t half = MemoryShare(&budget, 4).idle_limit();
  const MemoryShare first(&budget, 4);
  const MemoryShare second(&budget, 4);
  EXPECT_TRUE(half == 2 * kMebibyte && first.idle_limit() == half) << "a share is given back";
  EXPECT_TRUE(second.idle_limit() == 0) << "no more is shared out than there is";
}

}  // namespace
}  // namespace regcore
