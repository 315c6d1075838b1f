// Any bytes as a JPEG, or as pixels, whose last bytes say to what they are resized: no sanitizer
// may complain, and neither the instruction set nor the number of workers may change the verdict or
// a byte of the result.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "resize/picture_job.h"

namespace regcore {
namespace {

constexpr Filter kFilters[] = {Filter::kBox,     Filter::kBilinear, Filter::kHamming,
                               Filter::kBicubic, Filter::kLanczos,  Filter::kNearest,
                               Filter::kMks2013, Filter::kMks2021};
constexpr int kChannels[] = {1, 3, 4};

// Numbers from the end of an input on, zeros once there is nothing left.
class Choices {
 public:
  Choices(const uint8_t* data, size_t size) : data_(data), left_(size) {}

  int Below(int count) { return static_cast<int>(Next() | Next() << 8) % count; }

  // From 0 to 2, of the kind that lies on borders and beside them.
  double Share() {
    const double whole = Below(17) / 8.0;
    return std::max(0.0, whole + (Below(5) - 2) * 1e-7);
  }

 private:
  unsigned Next() { return left_ == 0 ? 0u : data_[--left_]; }

  const uint8_t* data_;
  size_t left_;
};

DecodeLimits SmallPictures() {
  DecodeLimits limits;
  limits.pixels = 1 << 16;
  return limits;
}

struct Case {
  PictureTask task;
  std::vector<uint8_t> pixels;  // in memory of exactly their size
  std::vector<uint8_t> result;
};

Case CaseOf(const uint8_t* data, size_t size) {
  Case c;
  Choices choices(data, size);
  PictureTask& task = c.task;
  task.channels = kChannels[choices.Below(3)];
  task.upright = choices.Below(2) == 1;
  if (choices.Below(2) == 0) {
    task.source.data = data;
    task.source.size = size;
  } else {
    task.source.width = 1 + choices.Below(70);
    task.source.stride = ptrdiff_t{task.channels} * task.source.width;
    task.source.height = 1 + choices.Below(70);
    c.pixels.assign(static_cast<size_t>(task.source.stride * task.source.height), 0);
    std::copy_n(data, std::min(size, c.pixels.size()), c.pixels.begin());
    task.source.data = c.pixels.data();
  }
  ResizeRequest& request = task.request;
  request.width = 1 + choices.Below(120);
  request.height = 1 + choices.Below(120);
  request.filter = kFilters[choices.Below(8)];
  request.order = choices.Below(2) == 0 ? PassOrder::kPillow9 : PassOrder::kPillow13;
  request.reducing_gap = choices.Below(2) == 0 ? 0 : 1 + choices.Share();
  request.has_box = choices.Below(2) == 1;
  for (int axis = 0; axis < 2; ++axis) {
    const double side = 1 + choices.Below(70);
    const double begin = side * choices.Share() / 2;
    request.box[axis] = begin;
    request.box[axis + 2] = begin + side * choices.Share() / 2;
  }
  const size_t row = static_cast<size_t>(task.channels) * static_cast<size_t>(request.width);
  c.result.resize(row * static_cast<size_t>(request.height));
  task.out = {c.result.data(), static_cast<ptrdiff_t>(row)};
  return c;
}

// What has become of one task, resized and decoded.
struct Outcome {
  StatusCode resized = StatusCode::kOk;
  StatusCode decoded = StatusCode::kOk;
  std::vector<uint8_t> result;
  std::vector<uint8_t> picture;

  bool operator==(const Outcome&) const = default;
};

StatusCode VerdictOf(PictureJob* job) {
  while (!job->WaitFor(std::chrono::milliseconds(20))) {
  }
  const std::vector<ItemReport> reports = job->TakeReports();
  return reports.empty() ? StatusCode::kOk : reports.front().status.code();
}

Outcome Run(Case* c, PictureJob* job) {
  Outcome outcome;
  std::fill(c->result.begin(), c->result.end(), uint8_t{0xA5});
  if (!job->StartResize({c->task}, {}).ok()) std::abort();
  outcome.resized = VerdictOf(job);
  if (outcome.resized == StatusCode::kOk) outcome.result = c->result;
  if (!job->StartDecode({c->task}, {}).ok()) std::abort();
  outcome.decoded = VerdictOf(job);
  const std::vector<DecodedPicture> decoded = job->TakeDecoded();
  const DecodedPicture& picture = decoded.front();
  const size_t bytes = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height) *
                       static_cast<size_t>(c->task.channels);
  outcome.picture.assign(picture.pixels.data(), picture.pixels.data() + bytes);
  return outcome;
}

}  // namespace
}  // namespace regcore

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using regcore::PictureJob;
  static PictureJob reference(regcore::SmallPictures(), regcore::SimdLevel::kPortable, 1);
  static PictureJob fastest(regcore::SmallPictures(), regcore::SupportedSimdLevels().back(), 3);
  regcore::Case c = regcore::CaseOf(data, size);
  const regcore::Outcome expected = regcore::Run(&c, &reference);
  const regcore::Outcome actual = regcore::Run(&c, &fastest);
  if (expected == actual) return 0;
  std::fprintf(stderr, "differs: resize %d and %d, decode %d and %d\n",
               static_cast<int>(expected.resized), static_cast<int>(actual.resized),
               static_cast<int>(expected.decoded), static_cast<int>(actual.decoded));
  std::abort();
}
