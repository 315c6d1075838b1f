#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

#include "base/worker_pool.h"
#include "checks.h"

namespace regcore {
namespace {

using std::chrono::milliseconds;

void WaitFor(WorkerPool* pool) {
  while (!pool->WaitFor(milliseconds(20))) {
  }
}

void CheckEachIndexOnce(size_t workers, Report* report) {
  WorkerPool pool(workers);
  for (const size_t count : {size_t{0}, size_t{1}, size_t{5}, size_t{1000}}) {
    const std::unique_ptr<std::atomic<int>[]> calls(new std::atomic<int>[count]());
    std::atomic<bool> strange{false};
    const Status status = pool.Start(count, [&](size_t index, size_t worker) {
      if (worker >= workers || !pool.OnWorker()) strange = true;
      ++calls[index];
    });
    WaitFor(&pool);
    bool once = status.ok() && !strange && pool.done() == count;
    for (size_t i = 0; i < count; ++i) once = once && calls[i] == 1;
    report->Check(once, "each index once, " + std::to_string(workers) + " workers");
  }
}

void CheckCancel(Report* report) {
  WorkerPool pool(4);
  std::atomic<size_t> calls{0};
  const Status status = pool.Start(1'000'000, [&](size_t, size_t) {
    if (++calls == 100) pool.Cancel();
  });
  WaitFor(&pool);
  report->Check(status.ok() && calls >= 100 && calls < 1'000'000, "cancel ends a job");
  std::atomic<size_t> again{0};
  const Status restarted = pool.Start(50, [&](size_t, size_t) { ++again; });
  WaitFor(&pool);
  report->Check(restarted.ok() && again == 50, "a pool goes on after a cancel");
}

void CheckDestruction(Report* report) {
  std::atomic<size_t> calls{0};
  for (int i = 0; i < 50; ++i) {
    WorkerPool pool(3);
    const Status status = pool.Start(10'000, [&](size_t, size_t) { ++calls; });
    report->Check(status.ok(), "start before a destruction");
  }
  report->Check(true, "pools were destroyed at work");
}

}  // namespace

void CheckPool(Report* report) {
  for (const size_t workers : {size_t{1}, size_t{2}, size_t{8}})
    CheckEachIndexOnce(workers, report);
  CheckCancel(report);
  CheckDestruction(report);
}

}  // namespace regcore
