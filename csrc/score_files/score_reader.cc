#include "score_files/score_reader.h"

#include <chrono>
#include <cstring>
#include <span>
#include <string_view>

#include "files/read_file.h"
#include "score_files/score_text.h"

namespace regcore {
namespace {

Status Wrong(size_t found, size_t expected, const char* unit) {
  return {found < expected ? StatusCode::kTruncated : StatusCode::kCorrupt,
          std::to_string(found) + " " + unit + " instead of " + std::to_string(expected)};
}

ScoreFileResult FromText(std::string_view text, std::span<float> scores) {
  ScoreLine line;
  ScoreFileResult result{.status = ParseScoreLine(text, scores, &line), .more = line.more};
  if (result.status.ok() && line.count != scores.size()) {
    result.status = Wrong(line.count, scores.size(), "values");
  }
  return result;
}

Status FromRaw(std::string_view bytes, std::string_view header, std::span<float> scores) {
  const size_t expected = header.size() + scores.size_bytes();
  if (bytes.size() != expected) return Wrong(bytes.size(), expected, "bytes");
  if (!bytes.starts_with(header)) return {StatusCode::kUnsupported, "another header"};
  std::memcpy(scores.data(), bytes.data() + header.size(), scores.size_bytes());
  return {};
}

}  // namespace

ScoreReader::ScoreReader(size_t workers, size_t max_file_bytes)
    : max_file_bytes_(max_file_bytes), buffers_(workers), pool_(workers) {}

ScoreFileResult ScoreReader::ReadOne(const ScoreFile& file, size_t classes, AlignedBuffer* buffer,
                                     float* out) const {
  size_t size = 0;
  Status status = ReadFile(file.path.c_str(), /*range=*/nullptr, max_file_bytes_,
                           /*reservation=*/nullptr, buffer, &size);
  if (!status.ok()) return {.status = std::move(status)};
  const std::string_view bytes(reinterpret_cast<const char*>(buffer->data()), size);
  const std::span<float> scores(out, classes);
  if (file.text) return FromText(bytes, scores);
  return {.status = FromRaw(bytes, file.header, scores)};
}

Status ScoreReader::Read(const std::vector<ScoreFile>& files, size_t classes, float* out,
                         std::vector<ScoreFileResult>* results) {
  results->assign(files.size(), {});
  REGCORE_RETURN_IF_ERROR(pool_.Start(files.size(), [&](size_t i, size_t worker) {
    (*results)[i] = ReadOne(files[i], classes, &buffers_[worker], out + i * classes);
  }));
  while (!pool_.WaitFor(std::chrono::seconds(1))) {
  }
  return {};
}

}  // namespace regcore
