#include "base/worker_pool.h"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace regcore {

WorkerPool::WorkerPool(size_t workers) : owner_(::getpid()) {
  threads_.reserve(workers);
  ids_.reserve(workers);
  try {
    while (threads_.size() < workers) {
      threads_.emplace_back(&WorkerPool::Work, this, threads_.size());
    }
  } catch (const std::exception&) {
    // The system gives no more threads or memory: fewer do the same work.
  }
  for (const std::thread& thread : threads_) ids_.push_back(thread.get_id());
}

bool WorkerPool::OnWorker() const {
  return !joined_ && std::find(ids_.begin(), ids_.end(), std::this_thread::get_id()) != ids_.end();
}

WorkerPool::~WorkerPool() { Stop(); }

void WorkerPool::Stop() {
  const std::lock_guard<std::mutex> one_at_a_time(stop_mutex_);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    quit_ = true;
    cancelled_ = true;  // under the lock, so that no Start between undoes it
  }
  job_started_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  joined_ = true;
}

Status WorkerPool::Start(size_t count, Task task) {
  if (::getpid() != owner_) return {StatusCode::kIo, "created before a fork; create it anew"};
  if (threads_.empty()) return {StatusCode::kIo, "the system starts no threads"};
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (quit_) return {StatusCode::kIo, "closed"};
    task_ = std::move(task);
    count_ = count;
    next_ = 0;
    done_ = 0;
    cancelled_ = false;
    running_ = threads_.size();
    ++job_;
  }
  job_started_.notify_all();
  return {};
}

bool WorkerPool::WaitFor(std::chrono::milliseconds timeout) {
  std::unique_lock<std::mutex> lock(mutex_);
  return job_ended_.wait_for(lock, timeout, [this] { return running_ == 0; });
}

void WorkerPool::Cancel() { cancelled_ = true; }

void WorkerPool::Work(size_t worker) {
  size_t seen = 0;
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    job_started_.wait(lock, [&] { return quit_ || job_ != seen; });
    if (quit_) {
      if (job_ != seen && --running_ == 0) job_ended_.notify_all();
      return;
    }
    seen = job_;
    lock.unlock();
    while (!cancelled_.load(std::memory_order_relaxed)) {
      const size_t index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= count_) break;
      task_(index, worker);
      done_.fetch_add(1, std::memory_order_relaxed);
    }
    lock.lock();
    if (--running_ == 0) job_ended_.notify_all();
  }
}

}  // namespace regcore
