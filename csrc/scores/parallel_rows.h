// A job over the rows of an array, in blocks: on the caller's thread, or on a pool.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/status.h"
#include "base/waitable.h"
#include "base/worker_pool.h"

namespace regcore {

class ParallelRows : public Waitable {
 public:
  using Run = std::function<void(size_t first, size_t last, size_t worker)>;

  // Blocks are of about `kBlockBytes`. One worker, or one block, needs no threads.
  ParallelRows(size_t rows, size_t row_bytes, size_t workers);

  // At most as many as were asked for; `worker` is below it.
  size_t workers() const { return workers_; }

  // Starts run(first, last, worker) for all blocks. What it uses must live until the job has ended.
  Status Start(Run run);

  // Without threads this is what does the work, for about `timeout`.
  bool WaitFor(std::chrono::milliseconds timeout) override;

  void Cancel() override;

 private:
  static constexpr size_t kBlockBytes = size_t{1} << 19;

  void RunBlock(size_t block, size_t worker) const;

  const size_t rows_;
  const size_t block_rows_;
  const size_t blocks_;
  const size_t workers_;
  size_t next_ = 0;  // without threads: the next block
  Run run_;
  std::unique_ptr<WorkerPool> pool_;  // last: its threads use everything above
};

}  // namespace regcore
