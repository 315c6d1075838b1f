#include "preprocess/list_job.h"

#include <new>
#include <utility>

#include "files/checksum.h"
#include "files/write_file.h"

namespace regcore {

ListJob::ListJob(const ImagePreprocessor& preprocess, IdleWorkers* idle)
    : preprocess_(preprocess), idle_(idle), pool_(idle->workers()) {}

void ListJob::Record(size_t index, Status status, Diagnostics diagnostics) {
  if (status.code() == StatusCode::kOutput || status.code() == StatusCode::kEnvironment) {
    // No later image would fare better, and this one is not to blame.
    const std::lock_guard<std::mutex> lock(output_mutex_);
    if (output_status_.ok()) output_status_ = std::move(status);
    pool_.Cancel();
    return;
  }
  if (!status.ok()) failed_.fetch_add(1, std::memory_order_relaxed);
  reports_.Add({index, std::move(status), std::move(diagnostics)});
}

Status ListJob::Start(std::vector<ImageSource> sources, RunItem run) {
  if (!workers_) workers_ = idle_->Take();
  sources_ = std::move(sources);
  ahead_.Reset(&sources_);
  reports_.Reset(0, sources_.size());
  failed_ = 0;
  output_status_ = Status();
  return pool_.Start(sources_.size(), [this, run = std::move(run)](size_t index, size_t number) {
    WorkerState* worker = (*workers_)[number];
    Status status;
    try {
      status = run(index, worker);
    } catch (const std::bad_alloc&) {
      status = {StatusCode::kOutOfMemory, "out of memory"};
    }
    ahead_.Note(index, worker->times.read - worker->times.began);
    if (status.ok() && worker->diagnostics.empty()) return;
    Record(index, std::move(status), std::move(worker->diagnostics));
  });
}

Status ListJob::StartToSlots(std::vector<ImageSource> sources, ExternalDecoder external,
                             uint8_t* out) {
  return Start(std::move(sources), [this, external, out](size_t i, WorkerState* worker) {
    return preprocess_.ToSlot(sources_[i], i, external, worker, out + i * preprocess_.slot_bytes());
  });
}

Status ListJob::StartWriting(std::vector<ImageSource> sources, ExternalDecoder external,
                             uint64_t* checksums, WriteItem write) {
  const auto run = [this, external, checksums, write = std::move(write)](size_t i,
                                                                         WorkerState* worker) {
    const size_t size = preprocess_.slot_bytes();
    REGCORE_RETURN_IF_ERROR(worker->slot.Reserve(size));
    uint8_t* slot = worker->slot.data();
    REGCORE_RETURN_IF_ERROR(preprocess_.ToSlot(sources_[i], i, external, worker, slot));
    checksums[i] = Checksum(slot, size);
    Status status = write(i, slot);
    worker->stage_times.write += ImageTimes::Now() - worker->times.resampled;
    return status;
  };
  return Start(std::move(sources), run);
}

Status ListJob::StartToFiles(std::vector<ImageSource> sources, ExternalDecoder external,
                             std::vector<std::string> paths, uint64_t* checksums) {
  const auto write = [this, paths = std::move(paths)](size_t i, const uint8_t* bytes) {
    return WriteFileAtomically(paths[i].c_str(), bytes, preprocess_.slot_bytes());
  };
  return StartWriting(std::move(sources), external, checksums, write);
}

Status ListJob::StartToPack(std::vector<ImageSource> sources, ExternalDecoder external, int pack,
                            uint64_t* checksums) {
  const auto write = [this, pack](size_t i, const uint8_t* bytes) {
    const size_t size = preprocess_.slot_bytes();
    return WriteAt(pack, i * size, bytes, size);
  };
  return StartWriting(std::move(sources), external, checksums, write);
}

std::vector<ItemReport> ListJob::TakeReports() {
  if (workers_) {
    stage_times_ += workers_->stage_times();
    idle_->GiveBack(std::move(workers_));
  }
  return reports_.Take();
}

StageTimes ListJob::stage_times() const {
  StageTimes sum = stage_times_;
  if (workers_) sum += workers_->stage_times();
  return sum;
}

}  // namespace regcore
