// The memory of all workers of a list or stream, kept for the next one.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "base/memory_budget.h"
#include "preprocess/preprocess_spec.h"
#include "preprocess/stage_times.h"
#include "preprocess/worker_state.h"

namespace regcore {

class WorkerSet {
 public:
  WorkerSet(const PreprocessSpec& spec, size_t workers);

  size_t size() const { return states_.size(); }
  WorkerState* operator[](size_t worker) const { return states_[worker].get(); }

  // What each worker may hold from image to image: nothing, where another set had all there was.
  size_t idle_limit() const { return share_.idle_limit(); }

  // The times of all images since the last call of ResetTimes, summed over the workers.
  StageTimes stage_times() const;
  void ResetTimes();

 private:
  const MemoryShare share_;
  std::vector<std::unique_ptr<WorkerState>> states_;
};

// Of one ImagePreprocessor, whose lists and streams have as many workers each. Memory that was
// touched already costs the system nothing; of 32 workers, each has to meet a large picture once.
// Any thread may call it.
class IdleWorkers {
 public:
  IdleWorkers(const PreprocessSpec& spec, size_t workers) : spec_(spec), workers_(workers) {}

  size_t workers() const { return workers_; }

  // What the last list or stream had, or a new set where that is in use. May throw std::bad_alloc.
  std::unique_ptr<WorkerSet> Take();

  // One set is kept, of two that whose workers may hold more.
  void GiveBack(std::unique_ptr<WorkerSet> set);

 private:
  const PreprocessSpec& spec_;
  const size_t workers_;
  std::mutex mutex_;
  std::unique_ptr<WorkerSet> idle_;
};

}  // namespace regcore
