// A list of pictures on a pool of workers: each resized into memory of the caller's, or decoded.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/image_limits.h"
#include "base/memory_budget.h"
#include "base/simd_level.h"
#include "base/waitable.h"
#include "base/worker_pool.h"
#include "preprocess/external_decoder.h"
#include "preprocess/image_source.h"
#include "preprocess/item_report.h"
#include "resize/band.h"
#include "resize/picture_decoder.h"
#include "resize/shared_picture.h"

namespace regcore {

// The source's memory and the result's are the caller's, do not overlap, and outlive the job.
struct PictureTask {
  ImageSource source;
  int channels = 3;       // of the result; pixels of a source have them
  bool upright = false;   // turned as its EXIF orientation says
  ResizeRequest request;  // where pictures are resized
  ResultView out;
};

struct DecodedPicture {
  AlignedBuffer pixels;  // without gaps between the rows
  int width = 0;
  int height = 0;
};

// Runs one list after the other; threads and their memory are kept between them.
class PictureJob : public Waitable {
 public:
  PictureJob(const DecodeLimits& limits, SimdLevel level, size_t workers);

  // Both return at once. Workers without a picture of their own take a part of another's.
  Status StartResize(std::vector<PictureTask> tasks, ExternalDecoder external);
  Status StartDecode(std::vector<PictureTask> tasks, ExternalDecoder external);

  bool WaitFor(std::chrono::milliseconds timeout) override { return pool_.WaitFor(timeout); }
  void Cancel() override { pool_.Cancel(); }
  // Cancels, joins the threads and starts no job any more; as WorkerPool::Stop.
  void Stop() { pool_.Stop(); }

  // The reports of the job that has ended, ordered by index: pictures that failed.
  std::vector<ItemReport> TakeReports() { return reports_.Take(); }

  // What StartDecode came to; pictures that failed are empty.
  std::vector<DecodedPicture> TakeDecoded() { return std::move(decoded_); }

 private:
  // One worker's memory, reused from picture to picture.
  struct Worker {
    Worker(const DecodeLimits& limits, SimdLevel level) : decoder(limits, level) {}

    PictureDecoder decoder;
    BandResizer band;
  };

  using RunTask = Status (PictureJob::*)(size_t index, Worker* worker);
  Status Start(std::vector<PictureTask> tasks, ExternalDecoder external, RunTask run);
  Status Resize(size_t index, Worker* worker);
  Status Decode(size_t index, Worker* worker);
  int BandsOf(const PicturePlan& plan) const;
  void Trim(Worker* worker) const;

  const SimdLevel level_;
  const MemoryShare share_;
  std::vector<PictureTask> tasks_;
  ExternalDecoder external_;
  std::vector<DecodedPicture> decoded_;
  std::vector<std::unique_ptr<Worker>> workers_;
  ReportList reports_;
  SharedPictures shared_;
  WorkerPool pool_;  // last: its threads use everything above
};

}  // namespace regcore
