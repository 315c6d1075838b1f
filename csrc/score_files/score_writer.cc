#include "score_files/score_writer.h"

#include <chrono>
#include <new>
#include <span>
#include <utility>

#include "files/write_file.h"
#include "score_files/score_text.h"

namespace regcore {

Status ScoreWriter::WriteOne(const std::string& path, const float* scores, size_t classes,
                             size_t worker) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(scores);
  size_t size = classes * sizeof(float);
  if (form_ == ScoreForm::kText) {
    std::string& line = lines_[worker];
    FormatScoreLine({scores, classes}, &line);
    bytes = reinterpret_cast<const uint8_t*>(line.data());
    size = line.size();
  }
  return WriteFileAtomically(path.c_str(), bytes, size);
}

Status ScoreWriter::Write(const std::vector<std::string>& paths, const float* scores,
                          size_t classes) {
  status_ = Status();
  REGCORE_RETURN_IF_ERROR(pool_.Start(paths.size(), [&](size_t i, size_t worker) {
    Status status;
    try {
      status = WriteOne(paths[i], scores + i * classes, classes, worker);
    } catch (const std::bad_alloc&) {
      status = {StatusCode::kOutOfMemory, "out of memory"};
    }
    if (status.ok()) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (status_.ok()) status_ = std::move(status);
    pool_.Cancel();
  }));
  while (!pool_.WaitFor(std::chrono::seconds(1))) {
  }
  return status_;
}

}  // namespace regcore
