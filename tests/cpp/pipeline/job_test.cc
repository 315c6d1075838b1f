#include <chrono>

#include "pipeline/images.h"
#include "pipeline/workers_test.h"
#include "preprocess/list_job.h"

namespace regcore {
namespace {

class JobTest : public WorkersTest {};
INSTANTIATE_TEST_SUITE_P(Workers, JobTest, testing::Values(1, 8), WorkersName);

TEST_P(JobTest, EqualsOneWorkerTwice) {
  const std::vector<ImageSource>& sources = TestSources();
  MemoryBudget budget(size_t{8} << 30);
  const PreprocessSpec spec = SmallSpec(&budget);
  const Expected expected = OneByOne(spec, sources);
  const ImagePreprocessor preprocess(spec);
  IdleWorkers idle(spec, workers());
  ListJob job(preprocess, &idle);
  const size_t slot_bytes = preprocess.slot_bytes();
  for (int round = 0; round < 2; ++round) {
    Bytes out(slot_bytes * sources.size());
    const Status started = job.StartToSlots(sources, GreyDecoder(), out.data());
    EXPECT_TRUE(started.ok()) << "start of a job";
    while (!job.WaitFor(std::chrono::milliseconds(20))) {
    }
    std::vector<StatusCode> codes(sources.size(), StatusCode::kOk);
    for (const ItemReport& item : job.TakeReports()) codes[item.index] = item.status.code();
    EXPECT_TRUE(codes == expected.codes) << "verdicts of a job";
    for (size_t i = 0; i < sources.size(); ++i) {
      if (codes[i] != StatusCode::kOk) continue;
      EXPECT_TRUE(std::equal(expected.slots[i].begin(), expected.slots[i].end(),
                             out.begin() + static_cast<ptrdiff_t>(i * slot_bytes)))
          << "pixels of a job, image " << i;
    }
  }
}

}  // namespace
}  // namespace regcore
