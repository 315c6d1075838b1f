// A list of images on a pool: into the slots of one array, or into one file each.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "preprocess.h"
#include "worker_pool.h"

namespace regcore {

struct ItemError {
  size_t index;
  Status status;
};

// Runs one list after the other; threads and scratch memory are kept between them.
class PreprocessJob {
 public:
  PreprocessJob(const Preprocess& preprocess, size_t workers);

  // Image i goes to out + i * slot_bytes(). Returns at once; `out` and what the sources point to
  // must live until the job has ended.
  Status StartToSlots(std::vector<ImageSource> sources, ForeignDecoder foreign, uint8_t* out);

  // Image i becomes the file paths[i].
  Status StartToFiles(std::vector<ImageSource> sources, ForeignDecoder foreign,
                      std::vector<std::string> paths);

  bool WaitFor(std::chrono::milliseconds timeout) { return pool_.WaitFor(timeout); }
  void Cancel() { pool_.Cancel(); }
  size_t done() const { return pool_.done(); }

  // The failed images of the job that has ended, by index; whatever the number of workers.
  std::vector<ItemError> TakeErrors();

 private:
  using RunItem = std::function<Status(size_t index, PreprocessScratch* scratch)>;
  Status Start(size_t count, RunItem run);

  const Preprocess& preprocess_;
  std::vector<ImageSource> sources_;
  std::vector<std::string> paths_;
  std::vector<std::unique_ptr<PreprocessScratch>> scratch_;
  std::mutex errors_mutex_;
  std::vector<ItemError> errors_;
  WorkerPool pool_;  // last: its threads use everything above
};

}  // namespace regcore
