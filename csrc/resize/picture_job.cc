#include "resize/picture_job.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace regcore {
namespace {

// A band is worth another worker from about a quarter of a millisecond on.
constexpr int64_t kBandPixels = 300'000;
constexpr int kMinBandLines = 16;
constexpr int kBandsPerWorker = 4;

int64_t PixelsOf(const Rect& area) { return int64_t{area.width()} * area.height(); }

void CopyRows(const PixelView& view, const Rect& area, int channels, const ResultView& out) {
  const size_t row = static_cast<size_t>(channels) * static_cast<size_t>(area.width());
  for (int y = area.top; y < area.bottom; ++y) {
    std::memcpy(out.data + (y - area.top) * out.stride,
                view.Row(y) + ptrdiff_t{channels} * (area.left - view.area.left), row);
  }
}

}  // namespace

PictureJob::PictureJob(const DecodeLimits& limits, SimdLevel level, size_t workers)
    : level_(level), share_(nullptr, workers), pool_(workers) {
  for (size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>(limits, level));
}

Status PictureJob::StartResize(std::vector<PictureTask> tasks, ExternalDecoder external) {
  return Start(std::move(tasks), external, &PictureJob::Resize);
}

Status PictureJob::StartDecode(std::vector<PictureTask> tasks, ExternalDecoder external) {
  decoded_.clear();
  decoded_.resize(tasks.size());
  return Start(std::move(tasks), external, &PictureJob::Decode);
}

Status PictureJob::Start(std::vector<PictureTask> tasks, ExternalDecoder external, RunTask run) {
  tasks_ = std::move(tasks);
  external_ = external;
  const size_t pictures = tasks_.size();
  reports_.Reset(0, pictures);
  shared_.Reset(pictures);
  const size_t helpers = workers_.size() > 1 ? workers_.size() : 0;
  return pool_.Start(pictures + helpers, [this, run, pictures](size_t index, size_t number) {
    Worker* const worker = workers_[number].get();
    if (index >= pictures) {
      shared_.HelpUntilDone(&worker->band);
      return Trim(worker);
    }
    Status status;
    try {
      status = (this->*run)(index, worker);
    } catch (const std::bad_alloc&) {
      status = {StatusCode::kOutOfMemory, "out of memory"};
    }
    worker->decoder.Close();
    Trim(worker);
    if (!status.ok()) reports_.Add({index, std::move(status), {}});
    shared_.PictureDone();
  });
}

Status PictureJob::Resize(size_t index, Worker* worker) {
  const PictureTask& task = tasks_[index];
  PictureDecoder& decoder = worker->decoder;
  REGCORE_RETURN_IF_ERROR(decoder.Open(task.source, task.channels, task.upright, external_, index));
  PicturePlan plan;
  REGCORE_RETURN_IF_ERROR(MakePicturePlan(decoder.width(), decoder.height(), task.channels,
                                          task.request, level_, &plan));
  PixelView pixels;
  bool readable = false;
  REGCORE_RETURN_IF_ERROR(decoder.Decode(plan.Wanted(), &pixels, &readable));
  if (plan.geometry.copies) {
    CopyRows(pixels, plan.geometry.reduced, task.channels, task.out);
    return {};
  }
  SharedPicture picture = {plan, pixels, readable, task.out, BandsOf(plan), 0, 0, {}};
  return shared_.Resize(&picture, &worker->band);
}

Status PictureJob::Decode(size_t index, Worker* worker) {
  const PictureTask& task = tasks_[index];
  PictureDecoder& decoder = worker->decoder;
  REGCORE_RETURN_IF_ERROR(decoder.Open(task.source, task.channels, task.upright, external_, index));
  const Rect whole = {0, 0, decoder.width(), decoder.height()};
  PixelView pixels;
  bool readable = false;
  REGCORE_RETURN_IF_ERROR(decoder.Decode(whole, &pixels, &readable));
  DecodedPicture& result = decoded_[index];
  result.width = whole.width();
  result.height = whole.height();
  // A buffer that served a larger picture before would hold that much memory for this one.
  const size_t row = static_cast<size_t>(task.channels) * static_cast<size_t>(whole.width());
  const size_t bytes = row * static_cast<size_t>(whole.height());
  if (decoder.TakePixels(bytes + bytes / 8 + kReadSlack, &result.pixels)) return {};
  REGCORE_RETURN_IF_ERROR(result.pixels.Reserve(bytes));
  CopyRows(pixels, whole, task.channels, {result.pixels.data(), static_cast<ptrdiff_t>(row)});
  return {};
}

int PictureJob::BandsOf(const PicturePlan& plan) const {
  if (workers_.size() == 1) return 1;
  const int64_t pixels = PixelsOf(plan.Wanted()) + int64_t{plan.lines()} * plan.line_pixels();
  const int64_t most = std::min<int64_t>(plan.lines() / kMinBandLines,
                                         kBandsPerWorker * static_cast<int64_t>(workers_.size()));
  return static_cast<int>(std::clamp<int64_t>(pixels / kBandPixels, 1, std::max<int64_t>(most, 1)));
}

void PictureJob::Trim(Worker* worker) const {
  if (worker->decoder.HeldBytes() + worker->band.HeldBytes() <= share_.idle_limit()) return;
  worker->decoder.Release();
  worker->band.Release();
}

}  // namespace regcore
