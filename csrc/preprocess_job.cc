#include "preprocess_job.h"

#include <algorithm>
#include <utility>

namespace regcore {

PreprocessJob::PreprocessJob(const Preprocess& preprocess, size_t workers)
    : preprocess_(preprocess), pool_(workers) {
  for (size_t i = 0; i < workers; ++i) {
    scratch_.push_back(std::make_unique<PreprocessScratch>(preprocess.spec()));
  }
}

Status PreprocessJob::Start(size_t count, RunItem run) {
  errors_.clear();
  return pool_.Start(count, [this, run = std::move(run)](size_t index, size_t worker) {
    Status status = run(index, scratch_[worker].get());
    if (status.ok()) return;
    const std::lock_guard<std::mutex> lock(errors_mutex_);
    errors_.push_back({index, std::move(status)});
  });
}

Status PreprocessJob::StartToSlots(std::vector<ImageSource> sources, ForeignDecoder foreign,
                                   uint8_t* out) {
  sources_ = std::move(sources);
  return Start(sources_.size(), [this, foreign, out](size_t i, PreprocessScratch* scratch) {
    return preprocess_.ToSlot(sources_[i], i, foreign, scratch, out + i * preprocess_.slot_bytes());
  });
}

Status PreprocessJob::StartToFiles(std::vector<ImageSource> sources, ForeignDecoder foreign,
                                   std::vector<std::string> paths) {
  sources_ = std::move(sources);
  paths_ = std::move(paths);
  return Start(sources_.size(), [this, foreign](size_t i, PreprocessScratch* scratch) {
    return preprocess_.ToFile(sources_[i], i, foreign, scratch, paths_[i].c_str());
  });
}

std::vector<ItemError> PreprocessJob::TakeErrors() {
  std::sort(errors_.begin(), errors_.end(),
            [](const ItemError& a, const ItemError& b) { return a.index < b.index; });
  return std::exchange(errors_, {});
}

}  // namespace regcore
