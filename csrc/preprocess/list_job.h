// A list of images on a pool: into the slots of one array, one file each, or one pack.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/waitable.h"
#include "base/worker_pool.h"
#include "preprocess/item_report.h"
#include "preprocess/preprocess.h"
#include "preprocess/sources_ahead.h"
#include "preprocess/worker_set.h"

namespace regcore {

// Runs one list after the other; its threads are kept between them. `idle` outlives the job.
class ListJob : public Waitable {
 public:
  ListJob(const ImagePreprocessor& preprocess, IdleWorkers* idle);

  // Image i goes to out + i * slot_bytes(). Returns at once; `out` and what the sources point to
  // must live until the job has ended.
  Status StartToSlots(std::vector<ImageSource> sources, ExternalDecoder external, uint8_t* out);

  // Image i becomes the file paths[i], whole or not at all, and checksums[i] that of its bytes.
  Status StartToFiles(std::vector<ImageSource> sources, ExternalDecoder external,
                      std::vector<std::string> paths, uint64_t* checksums);

  // The same, to i * slot_bytes() of the open file `pack`; where an image fails, nothing is
  // written.
  Status StartToPack(std::vector<ImageSource> sources, ExternalDecoder external, int pack,
                     uint64_t* checksums);

  // The times of all jobs so far, summed over the workers. Not while a job runs.
  StageTimes stage_times() const;

  bool WaitFor(std::chrono::milliseconds timeout) override { return pool_.WaitFor(timeout); }
  void Cancel() override { pool_.Cancel(); }
  // Cancels, joins the threads and starts no job any more; as WorkerPool::Stop.
  void Stop() { pool_.Stop(); }
  size_t done() const { return pool_.done(); }
  size_t failed() const { return failed_.load(std::memory_order_relaxed); }

  // The reports of the job that has ended, ordered by index whatever the number of workers: images
  // that failed, or of which there are diagnostics. Gives the workers back.
  std::vector<ItemReport> TakeReports();

  // What kept the job from writing, which ended it early; kOk if nothing did.
  Status output_status() const { return output_status_; }

 private:
  using RunItem = std::function<Status(size_t index, WorkerState* worker)>;
  using WriteItem = std::function<Status(size_t index, const uint8_t* bytes)>;
  Status Start(std::vector<ImageSource> sources, RunItem run);
  Status StartWriting(std::vector<ImageSource> sources, ExternalDecoder external,
                      uint64_t* checksums, WriteItem write);
  void Record(size_t index, Status status, Diagnostics diagnostics);

  const ImagePreprocessor& preprocess_;
  std::vector<ImageSource> sources_;
  SourcesAhead ahead_;
  IdleWorkers* const idle_;
  std::unique_ptr<WorkerSet> workers_;  // from the start of a job on
  StageTimes stage_times_;              // of jobs whose workers were given back
  std::atomic<size_t> failed_{0};
  ReportList reports_;
  std::mutex output_mutex_;
  Status output_status_;
  WorkerPool pool_;  // last: its threads use everything above
};

}  // namespace regcore
