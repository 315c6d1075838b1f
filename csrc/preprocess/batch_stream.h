// A ring of caller-owned batch buffers, filled by a pool across batch borders, handed out in order.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "preprocess/list_job.h"
#include "preprocess/sources_ahead.h"
#include "preprocess/worker_set.h"

namespace regcore {

// Images [first, first + count) of the list, in buffer number `buffer`.
struct StreamBatch {
  size_t first = 0;
  size_t count = 0;
  size_t buffer = 0;
};

// When a worker prepared an image: it requested the buffer, and began once there was one.
struct ImageTiming {
  ImageTimes::Time requested;
  ImageTimes times;
  size_t worker = 0;
};

enum class StreamState { kBatch, kEnd, kNotYet };

// One consumer, who holds the last `keep` batches that he was given, fewer than there are buffers.
// `idle`, `buffers` (each of batch_size slots) and what the sources point to outlive the stream.
// Memory does not grow with the number of images beyond the list itself.
class BatchStream {
 public:
  BatchStream(const ImagePreprocessor& preprocess, IdleWorkers* idle,
              std::vector<ImageSource> sources, ExternalDecoder external, size_t batch_size,
              std::vector<uint8_t*> buffers, size_t keep);
  // Does what Stop does.
  ~BatchStream();

  Status Start();

  // Stops the workers after the image each has in hand, joins them, and gives their memory back.
  // Another thread may be in Next meanwhile, which then returns kNotYet at once.
  void Stop();

  // Whether the caller is one of the stream's own threads, which cannot destroy it.
  bool OnWorker() const { return pool_.OnWorker(); }

  // The next batch in order, or kNotYet after `timeout`. Gives the batch that was handed out `keep`
  // batches before back to the workers.
  StreamState Next(std::chrono::milliseconds timeout, StreamBatch* batch);

  // The reports of the last batch, ordered by index: images that failed, or of which there are
  // diagnostics.
  std::vector<ItemReport> TakeReports();

  // The times of the images of the last batch, by place in it; valid until the next call of Next.
  const std::vector<ImageTiming>& timings() const;

 private:
  struct RingEntry {
    std::atomic<size_t> remaining{0};  // images of its batch still to come
    ReportList reports;
    std::vector<ImageTiming> timings;  // each written by one worker
    std::condition_variable free;      // of its own, so that only those wake up who can go on
  };

  void Fill(size_t index, size_t worker);
  bool WaitForBuffer(size_t batch);
  StreamBatch BatchAt(size_t batch) const;
  void PrepareEntry(size_t batch);
  void Release();

  const ImagePreprocessor& preprocess_;
  const std::vector<ImageSource> sources_;
  SourcesAhead ahead_;
  const ExternalDecoder external_;
  const size_t batch_size_;
  const size_t batches_;
  const std::vector<uint8_t*> buffers_;
  const size_t keep_;
  IdleWorkers* const idle_;
  std::unique_ptr<WorkerSet> workers_;  // null once they are stopped
  std::vector<RingEntry> ring_;         // one per buffer

  std::mutex mutex_;  // guards the waits below, not the work
  std::condition_variable batch_done_;
  std::atomic<size_t> released_{0};  // batches given back
  std::atomic<bool> stopping_{false};
  size_t next_ = 0;  // batch to hand out
  WorkerPool pool_;  // last: its threads use everything above
};

}  // namespace regcore
