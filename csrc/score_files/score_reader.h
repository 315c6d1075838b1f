// Files with one image's scores each → the rows of one array, on a pool.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/status.h"
#include "base/worker_pool.h"

namespace regcore {

struct ScoreFile {
  std::string path;
  bool text = false;   // else `header`, and then raw float32 values
  std::string header;  // bytes that the file must begin with
};

struct ScoreFileResult {
  Status status;
  bool more = false;  // a text file goes on after the line that was read
};

// Threads and scratch memory are kept from one list of files to the next. One caller at a time.
class ScoreReader {
 public:
  ScoreReader(size_t workers, size_t max_file_bytes);

  // Reads `classes` scores from files[i] to out + i * classes; any other number of them is an
  // error. Returns when all are done, with one result for each. Fails where no thread runs.
  Status Read(const std::vector<ScoreFile>& files, size_t classes, float* out,
              std::vector<ScoreFileResult>* results);

 private:
  ScoreFileResult ReadOne(const ScoreFile& file, size_t classes, AlignedBuffer* buffer,
                          float* out) const;

  const size_t max_file_bytes_;
  std::vector<AlignedBuffer> buffers_;
  WorkerPool pool_;  // last: its threads use everything above
};

}  // namespace regcore
