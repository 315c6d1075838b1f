#include "preprocess/worker_set.h"

#include <utility>

namespace regcore {

WorkerSet::WorkerSet(const PreprocessSpec& spec, size_t workers) : share_(spec.memory, workers) {
  states_.reserve(workers);
  for (size_t i = 0; i < workers; ++i) {
    states_.push_back(std::make_unique<WorkerState>(spec, share_));
  }
}

StageTimes WorkerSet::stage_times() const {
  StageTimes sum;
  for (const auto& state : states_) sum += state->stage_times;
  return sum;
}

void WorkerSet::ResetTimes() {
  for (const auto& state : states_) state->stage_times = StageTimes();
}

std::unique_ptr<WorkerSet> IdleWorkers::Take() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_) return std::move(idle_);
  }
  return std::make_unique<WorkerSet>(spec_, workers_);
}

void IdleWorkers::GiveBack(std::unique_ptr<WorkerSet> set) {
  set->ResetTimes();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!idle_ || idle_->idle_limit() < set->idle_limit()) idle_.swap(set);
}

}  // namespace regcore
