// Threads that live as long as the pool and run fn(index, worker) for every index of a job.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/status.h"

namespace regcore {

// Start, WaitFor and the destructor belong to one thread at a time; the others are free.
class WorkerPool {
 public:
  using Task = std::function<void(size_t index, size_t worker)>;

  explicit WorkerPool(size_t workers);
  // Does what Stop does.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Starts fn(index, worker) for 0 <= index < count, indices handed out in order, each once.
  // The job before must have ended. Fails where no thread could be started.
  Status Start(size_t count, Task task);

  // True when the job has ended: every index done, or cancelled and no call running.
  bool WaitFor(std::chrono::milliseconds timeout);

  // Indices not yet handed out will not be.
  void Cancel();

  // Cancels the job and joins; the pool then starts none any more. Any thread may call it, also
  // while another one waits for the job, but neither one of the pool's own threads, nor a forked
  // child, where they do not exist: leak the pool there.
  void Stop();

  // Whether the caller is one of the pool's own threads.
  bool OnWorker() const;

  // How many calls have returned.
  size_t done() const { return done_.load(std::memory_order_relaxed); }

 private:
  void Work(size_t worker);

  const pid_t owner_;
  std::mutex mutex_;
  std::condition_variable job_started_;
  std::condition_variable job_ended_;
  Task task_;
  size_t count_ = 0;
  size_t job_ = 0;      // number of the job, counted from 1
  size_t running_ = 0;  // workers that have not left the job
  bool quit_ = false;
  std::atomic<size_t> next_{0};
  std::atomic<size_t> done_{0};
  std::atomic<bool> cancelled_{false};
  std::mutex stop_mutex_;  // held while the threads are joined
  std::atomic<bool> joined_{false};
  std::vector<std::thread> threads_;
  std::vector<std::thread::id> ids_;  // of the threads, also while they are joined
};

}  // namespace regcore
