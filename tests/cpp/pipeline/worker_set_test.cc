// What the workers of one list hold is there for the next list or stream.
#include "preprocess/worker_set.h"

#include <utility>

#include "pipeline/images.h"
#include "pipeline/workers_test.h"

namespace regcore {
namespace {

TEST(WorkerSetTest, TheNextOneHasTheMemoryOfTheLast) {
  const PreprocessSpec spec = SmallSpec(nullptr);
  IdleWorkers idle(spec, 3);
  std::unique_ptr<WorkerSet> first = idle.Take();
  WorkerState* const state = (*first)[2];
  EXPECT_TRUE(first->size() == 3 && state->pixels.Reserve(1000).ok());
  state->stage_times.read = std::chrono::nanoseconds(7);
  EXPECT_TRUE(first->stage_times().read.count() == 7);

  const std::unique_ptr<WorkerSet> beside = idle.Take();
  EXPECT_TRUE((*beside)[2] != state) << "two have one set";
  idle.GiveBack(std::move(first));
  const std::unique_ptr<WorkerSet> again = idle.Take();
  EXPECT_TRUE((*again)[2] == state && state->pixels.capacity() == 1000);
  EXPECT_TRUE(again->stage_times().read.count() == 0) << "times of the one before";
}

TEST(WorkerSetTest, AnIdleSetKeepsItsPartOfTheBudgetAndOneBesideItGivesItsOwnBack) {
  constexpr size_t kBytes = size_t{64} << 20;
  MemoryBudget budget(kBytes);
  const PreprocessSpec spec = SmallSpec(&budget);
  IdleWorkers idle(spec, 2);
  std::unique_ptr<WorkerSet> first = idle.Take();
  EXPECT_TRUE(first->idle_limit() == kBytes / 4 / 2 / 2);
  std::unique_ptr<WorkerSet> second = idle.Take();
  EXPECT_TRUE(second->idle_limit() == 0) << "nothing is left beside the first";
  idle.GiveBack(std::move(first));
  idle.GiveBack(std::move(second));
  EXPECT_TRUE(idle.Take()->idle_limit() == kBytes / 4 / 2 / 2);
}

TEST(WorkerSetTest, OfTwoTheOneWithTheLargerPartOfTheBudgetIsKept) {
  MemoryBudget budget(size_t{64} << 20);
  const PreprocessSpec spec = SmallSpec(&budget);
  IdleWorkers idle(spec, 2);
  std::unique_ptr<WorkerSet> first = idle.Take();
  std::unique_ptr<WorkerSet> second = idle.Take();
  WorkerState* const state = (*first)[0];
  idle.GiveBack(std::move(second));
  idle.GiveBack(std::move(first));
  EXPECT_TRUE((*idle.Take())[0] == state) << "whichever was given back first";
}

}  // namespace
}  // namespace regcore
