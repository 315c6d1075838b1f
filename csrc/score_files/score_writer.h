// The rows of an array → files with one image's scores each, on a pool.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/worker_pool.h"

namespace regcore {

enum class ScoreForm { kText, kRaw };  // one line of numbers, or float32 values

// Threads and scratch memory are kept from one array to the next. One caller at a time.
class ScoreWriter {
 public:
  ScoreWriter(size_t workers, ScoreForm form) : form_(form), lines_(workers), pool_(workers) {}

  // Writes the `classes` scores at scores + i * classes as the file paths[i], whole or not at all.
  // Returns when all are done; the failure of one, which names it, keeps others from being begun.
  Status Write(const std::vector<std::string>& paths, const float* scores, size_t classes);

 private:
  Status WriteOne(const std::string& path, const float* scores, size_t classes, size_t worker);

  const ScoreForm form_;
  std::vector<std::string> lines_;
  std::mutex mutex_;
  Status status_;
  WorkerPool pool_;  // last: its threads use everything above
};

}  // namespace regcore
