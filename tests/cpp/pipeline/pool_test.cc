#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

#include "base/worker_pool.h"
#include "pipeline/workers_test.h"

namespace regcore {
namespace {

using std::chrono::milliseconds;

void WaitFor(WorkerPool* pool) {
  while (!pool->WaitFor(milliseconds(20))) {
  }
}

class WorkerPoolTest : public WorkersTest {};
INSTANTIATE_TEST_SUITE_P(Workers, WorkerPoolTest, testing::Values(1, 2, 8), WorkersName);

TEST_P(WorkerPoolTest, EachIndexOnce) {
  WorkerPool pool(workers());
  for (const size_t count : {size_t{0}, size_t{1}, size_t{5}, size_t{1000}}) {
    const std::unique_ptr<std::atomic<int>[]> calls(new std::atomic<int>[count]());
    std::atomic<bool> strange{false};
    const Status status = pool.Start(count, [&](size_t index, size_t worker) {
      if (worker >= workers() || !pool.OnWorker()) strange = true;
      ++calls[index];
    });
    WaitFor(&pool);
    bool once = status.ok() && !strange && pool.done() == count;
    for (size_t i = 0; i < count; ++i) once = once && calls[i] == 1;
    EXPECT_TRUE(once) << "each index once, " << workers() << " workers";
  }
}

TEST(WorkerPoolStopTest, GoesOnAfterACancel) {
  WorkerPool pool(4);
  std::atomic<size_t> calls{0};
  const Status status = pool.Start(1'000'000, [&](size_t, size_t) {
    if (++calls == 100) pool.Cancel();
  });
  WaitFor(&pool);
  EXPECT_TRUE(status.ok() && calls >= 100 && calls < 1'000'000) << "cancel ends a job";
  std::atomic<size_t> again{0};
  const Status restarted = pool.Start(50, [&](size_t, size_t) { ++again; });
  WaitFor(&pool);
  EXPECT_TRUE(restarted.ok() && again == 50) << "a pool goes on after a cancel";
}

TEST(WorkerPoolStopTest, IsDestroyedAtWork) {
  std::atomic<size_t> calls{0};
  for (int i = 0; i < 50; ++i) {
    WorkerPool pool(3);
    const Status status = pool.Start(10'000, [&](size_t, size_t) { ++calls; });
    EXPECT_TRUE(status.ok()) << "start before a destruction";
  }
}

}  // namespace
}  // namespace regcore
