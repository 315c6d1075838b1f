#include "preprocess/batch_stream.h"

#include <algorithm>
#include <utility>

namespace regcore {

BatchStream::BatchStream(const ImagePreprocessor& preprocess, IdleWorkers* idle,
                         std::vector<ImageSource> sources, ExternalDecoder external,
                         size_t batch_size, std::vector<uint8_t*> buffers, size_t keep)
    : preprocess_(preprocess),
      sources_(std::move(sources)),
      external_(external),
      batch_size_(batch_size),
      batches_((sources_.size() + batch_size - 1) / batch_size),
      buffers_(std::move(buffers)),
      keep_(keep),
      idle_(idle),
      workers_(idle->Take()),
      ring_(buffers_.size()),
      pool_(workers_->size()) {
  for (size_t batch = 0; batch < buffers_.size(); ++batch) PrepareEntry(batch);
  ahead_.Reset(&sources_);
}

BatchStream::~BatchStream() { Stop(); }

void BatchStream::Stop() {
  pool_.Cancel();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    batch_done_.notify_all();
    for (RingEntry& entry : ring_) entry.free.notify_all();
  }
  pool_.Stop();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (workers_) idle_->GiveBack(std::move(workers_));
}

Status BatchStream::Start() {
  return pool_.Start(sources_.size(), [this](size_t index, size_t worker) { Fill(index, worker); });
}

StreamBatch BatchStream::BatchAt(size_t batch) const {
  const size_t first = batch * batch_size_;
  return {first, std::min(batch_size_, sources_.size() - first), batch % buffers_.size()};
}

// Prepares a free buffer for `batch`, which may lie past the end.
void BatchStream::PrepareEntry(size_t batch) {
  if (batch >= batches_) return;
  RingEntry& entry = ring_[batch % buffers_.size()];
  const StreamBatch armed = BatchAt(batch);
  entry.reports.Reset(armed.first, armed.count);
  entry.timings.resize(armed.count);
  entry.remaining.store(armed.count, std::memory_order_release);
}

// False when the stream is being destroyed.
bool BatchStream::WaitForBuffer(size_t batch) {
  const auto is_free = [&] {
    return batch < released_.load(std::memory_order_acquire) + buffers_.size();
  };
  if (is_free()) return true;
  std::unique_lock<std::mutex> lock(mutex_);
  ring_[batch % buffers_.size()].free.wait(lock, [&] { return stopping_ || is_free(); });
  return !stopping_;
}

void BatchStream::Fill(size_t index, size_t worker) {
  const StreamBatch batch = BatchAt(index / batch_size_);
  const ImageTimes::Time requested = ImageTimes::Now();
  if (!WaitForBuffer(index / batch_size_)) return;
  RingEntry& entry = ring_[batch.buffer];
  uint8_t* out = buffers_[batch.buffer] + (index - batch.first) * preprocess_.slot_bytes();
  WorkerState* state = (*workers_)[worker];
  Status status = preprocess_.ToSlot(sources_[index], index, external_, state, out);
  if (!status.ok() || !state->diagnostics.empty()) {
    entry.reports.Add({index, std::move(status), std::move(state->diagnostics)});
  }
  entry.timings[index - batch.first] = {requested, state->times, worker};
  const auto reading = state->times.read - state->times.began;
  if (entry.remaining.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    const std::lock_guard<std::mutex> lock(mutex_);
    batch_done_.notify_one();
  }
  ahead_.Note(index, reading);
}

// Gives back the oldest batch that the consumer holds.
void BatchStream::Release() {
  const size_t batch = released_.load(std::memory_order_relaxed);
  PrepareEntry(batch + buffers_.size());
  const std::lock_guard<std::mutex> lock(mutex_);
  released_.store(batch + 1, std::memory_order_release);
  ring_[batch % buffers_.size()].free.notify_all();
}

StreamState BatchStream::Next(std::chrono::milliseconds timeout, StreamBatch* batch) {
  while (released_ + keep_ <= next_) Release();
  if (next_ == batches_) return StreamState::kEnd;
  const StreamBatch wanted = BatchAt(next_);
  const std::atomic<size_t>& remaining = ring_[wanted.buffer].remaining;
  std::unique_lock<std::mutex> lock(mutex_);
  batch_done_.wait_for(lock, timeout, [&] { return stopping_ || remaining.load() == 0; });
  if (stopping_ || remaining.load() != 0) return StreamState::kNotYet;
  *batch = wanted;
  ++next_;
  return StreamState::kBatch;
}

std::vector<ItemReport> BatchStream::TakeReports() {
  return ring_[(next_ - 1) % buffers_.size()].reports.Take();
}

const std::vector<ImageTiming>& BatchStream::timings() const {
  return ring_[(next_ - 1) % buffers_.size()].timings;
}

}  // namespace regcore
