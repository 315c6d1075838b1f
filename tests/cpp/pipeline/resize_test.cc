// Whole pictures on some number of workers, in memory of exactly their size.
#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "pipeline/images.h"
#include "pipeline/workers_test.h"
#include "resize/picture_job.h"

namespace regcore {
namespace {

// One picture, and the memory of its result.
struct Picture {
  std::unique_ptr<uint8_t[]> pixels;
  PictureTask task;
  std::vector<uint8_t> result;
};

constexpr Filter kFilters[] = {Filter::kNearest, Filter::kBox, Filter::kBicubic, Filter::kLanczos,
                               Filter::kMks2021};

Picture RandomPicture(Random* random) {
  Picture p;
  constexpr int kChannels[] = {1, 3, 4};
  const int channels = kChannels[random->Between(0, 2)];
  // Large ones are cut into bands.
  const int largest = random->Between(0, 3) == 0 ? 1200 : 90;
  ImageSource& source = p.task.source;
  source.width = random->Between(1, largest);
  source.height = random->Between(1, largest);
  source.stride = ptrdiff_t{channels} * source.width;
  p.pixels = random->Bytes(static_cast<size_t>(source.stride * source.height));
  source.data = p.pixels.get();
  p.task.channels = channels;
  ResizeRequest& request = p.task.request;
  request.width = random->Between(1, largest);
  request.height = random->Between(1, largest);
  request.filter = kFilters[random->Between(0, 4)];
  request.order = random->Between(0, 1) == 0 ? PassOrder::kPillow9 : PassOrder::kPillow13;
  request.reducing_gap = random->Between(0, 2) == 0 ? 1.5 : 0;
  if (random->Between(0, 1) == 0) {
    request.has_box = true;
    request.box[0] = random->Real(0, source.width * 0.5);
    request.box[1] = random->Real(0, source.height * 0.5);
    request.box[2] = random->Real(source.width * 0.5, source.width);
    request.box[3] = random->Real(source.height * 0.5, source.height);
  }
  const size_t row = static_cast<size_t>(channels) * static_cast<size_t>(request.width);
  p.result.resize(row * static_cast<size_t>(request.height));
  p.task.out.stride = static_cast<ptrdiff_t>(row);
  return p;
}

// The results of all, one after the other, and how many failed.
std::vector<std::vector<uint8_t>> Resized(std::vector<Picture>* pictures, SimdLevel level,
                                          size_t workers) {
  PictureJob job(DecodeLimits(), level, workers);
  std::vector<std::vector<uint8_t>> results;
  for (int round = 0; round < 2; ++round) {
    std::vector<PictureTask> tasks;
    for (Picture& p : *pictures) {
      std::fill(p.result.begin(), p.result.end(), uint8_t{0xA5});
      p.task.out.data = p.result.data();
      tasks.push_back(p.task);
    }
    EXPECT_TRUE(job.StartResize(std::move(tasks), {}).ok());
    while (!job.WaitFor(std::chrono::milliseconds(20))) {
    }
    EXPECT_TRUE(job.TakeReports().empty());
    results.clear();
    for (const Picture& p : *pictures) results.push_back(p.result);
  }
  return results;
}

class ResizeTest : public WorkersTest {};
INSTANTIATE_TEST_SUITE_P(Workers, ResizeTest, testing::Values(1, 2, 5), WorkersName);

TEST_P(ResizeTest, EqualsOnePortableWorker) {
  Random random(7);
  std::vector<Picture> pictures;
  for (int i = 0; i < 24; ++i) pictures.push_back(RandomPicture(&random));
  const auto expected = Resized(&pictures, SimdLevel::kPortable, 1);
  for (SimdLevel level : SupportedSimdLevels()) {
    EXPECT_TRUE(Resized(&pictures, level, workers()) == expected) << SimdName(level);
  }
}

TEST_P(ResizeTest, DecodesWholePictures) {
  const Bytes jpeg = EncodeJpeg(83, 61, {}, 1);
  const Bytes cut(jpeg.begin(), jpeg.begin() + 300);
  std::vector<PictureTask> tasks(3);
  tasks[0].source.data = tasks[2].source.data = jpeg.data();
  tasks[0].source.size = tasks[2].source.size = jpeg.size();
  tasks[1].source.data = cut.data();
  tasks[1].source.size = cut.size();
  tasks[2].channels = 1;
  PictureJob job(DecodeLimits(), SimdLevel::kPortable, workers());
  ASSERT_TRUE(job.StartDecode(std::move(tasks), {}).ok());
  while (!job.WaitFor(std::chrono::milliseconds(20))) {
  }
  const std::vector<ItemReport> reports = job.TakeReports();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].index, 1u);
  const std::vector<DecodedPicture> decoded = job.TakeDecoded();
  EXPECT_EQ(decoded[0].width, 83);
  EXPECT_EQ(decoded[0].height, 61);
  EXPECT_EQ(decoded[1].width, 0);
  const uint8_t* const rgb = decoded[0].pixels.data();
  const int luma = (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;
  EXPECT_EQ(decoded[2].pixels.data()[0], luma);
}

}  // namespace
}  // namespace regcore
