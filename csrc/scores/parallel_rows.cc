#include "scores/parallel_rows.h"

#include <algorithm>
#include <utility>

namespace regcore {

ParallelRows::ParallelRows(size_t rows, size_t row_bytes, size_t workers)
    : rows_(rows),
      block_rows_(std::max<size_t>(kBlockBytes / std::max<size_t>(row_bytes, 1), 1)),
      blocks_((rows + block_rows_ - 1) / block_rows_),
      workers_(std::max<size_t>(std::min(workers, blocks_), 1)) {}

Status ParallelRows::Start(Run run) {
  run_ = std::move(run);
  if (workers_ == 1) return {};
  pool_ = std::make_unique<WorkerPool>(workers_);
  return pool_->Start(blocks_, [this](size_t block, size_t worker) { RunBlock(block, worker); });
}

bool ParallelRows::WaitFor(std::chrono::milliseconds timeout) {
  if (pool_) return pool_->WaitFor(timeout);
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (next_ < blocks_ && std::chrono::steady_clock::now() < end) RunBlock(next_++, 0);
  return next_ == blocks_;
}

void ParallelRows::Cancel() {
  next_ = blocks_;
  if (pool_) pool_->Cancel();
}

void ParallelRows::RunBlock(size_t block, size_t worker) const {
  const size_t first = block * block_rows_;
  run_(first, std::min(first + block_rows_, rows_), worker);
}

}  // namespace regcore
