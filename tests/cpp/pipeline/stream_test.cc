#include <algorithm>
#include <chrono>
#include <deque>

#include "pipeline/images.h"
#include "pipeline/workers_test.h"
#include "preprocess/batch_stream.h"

namespace regcore {
namespace {

constexpr size_t kBatchSize = 7;

// Where the ring's buffers are.
struct Ring {
  Ring(size_t count, size_t bytes) : memory(count, Bytes(bytes)) {
    for (Bytes& buffer : memory) pointers.push_back(buffer.data());
  }

  std::vector<Bytes> memory;
  std::vector<uint8_t*> pointers;
};

StreamState NextOrEnd(BatchStream* stream, StreamBatch* batch) {
  StreamState state = StreamState::kNotYet;
  while (state == StreamState::kNotYet) {
    state = stream->Next(std::chrono::milliseconds(20), batch);
  }
  return state;
}

// Whether the good images of a batch are what they were when each was run alone.
bool SamePixels(const Expected& expected, const StreamBatch& batch, const Bytes& buffer,
                size_t slot_bytes) {
  for (size_t k = 0; k < batch.count; ++k) {
    const size_t index = batch.first + k;
    if (expected.codes[index] != StatusCode::kOk) continue;
    const Bytes& slot = expected.slots[index];
    if (!std::equal(slot.begin(), slot.end(),
                    buffer.begin() + static_cast<ptrdiff_t>(k * slot_bytes))) {
      return false;
    }
  }
  return true;
}

bool InOrder(const ImageTiming& image, size_t workers) {
  const ImageTimes& times = image.times;
  return image.requested <= times.began && times.began <= times.read &&
         times.read <= times.decoded && times.decoded <= times.resampled && image.worker < workers;
}

// Takes `taken` batches of a stream that keeps `keep`, looks at all that are kept each time, and
// abandons it.
void CheckBatches(const ImagePreprocessor& preprocess, const std::vector<ImageSource>& sources,
                  const Expected& expected, size_t workers, size_t keep, size_t taken) {
  const size_t slot_bytes = preprocess.slot_bytes();
  Ring ring(keep + 1, kBatchSize * slot_bytes);
  IdleWorkers idle(preprocess.spec(), workers);
  BatchStream stream(preprocess, &idle, sources, GreyDecoder(), kBatchSize, ring.pointers, keep);
  EXPECT_TRUE(stream.Start().ok()) << "start of a stream";
  std::deque<StreamBatch> kept;
  StreamBatch batch;
  size_t next = 0;
  for (size_t i = 0; i < taken; ++i) {
    const bool in_order = NextOrEnd(&stream, &batch) == StreamState::kBatch && batch.first == next;
    EXPECT_TRUE(in_order) << "order of batches";
    next += batch.count;
    std::vector<StatusCode> codes(batch.count, StatusCode::kOk);
    for (const ItemReport& item : stream.TakeReports()) {
      codes[item.index - batch.first] = item.status.code();
    }
    EXPECT_TRUE(std::equal(codes.begin(), codes.end(),
                           expected.codes.begin() + static_cast<ptrdiff_t>(batch.first)))
        << "verdicts of a stream";
    const std::vector<ImageTiming>& timings = stream.timings();
    EXPECT_TRUE(timings.size() == batch.count &&
                std::all_of(timings.begin(), timings.end(),
                            [&](const ImageTiming& w) { return InOrder(w, workers); }))
        << "times of a stream";
    kept.push_back(batch);
    if (kept.size() > keep) kept.pop_front();
    for (const StreamBatch& held : kept) {
      EXPECT_TRUE(SamePixels(expected, held, ring.memory[held.buffer], slot_bytes))
          << "pixels of a stream that keeps " << keep;
    }
  }
  if (next == sources.size()) {
    EXPECT_TRUE(NextOrEnd(&stream, &batch) == StreamState::kEnd) << "end of a stream";
  }
}

class StreamTest : public WorkersTest {};
INSTANTIATE_TEST_SUITE_P(Workers, StreamTest, testing::Values(1, 8), WorkersName);

// A stream is run to the end, and abandoned after each number of its batches.
TEST_P(StreamTest, EqualsOneWorker) {
  std::vector<ImageSource> sources = TestSources();
  sources.resize(std::min(sources.size(), size_t{60}));
  MemoryBudget budget(size_t{8} << 30);
  const PreprocessSpec spec = SmallSpec(&budget);
  const Expected expected = OneByOne(spec, sources);
  const ImagePreprocessor preprocess(spec);
  const size_t batches = (sources.size() + kBatchSize - 1) / kBatchSize;
  for (size_t keep = 1; keep <= 3; ++keep) {
    for (size_t taken = 0; taken <= batches; ++taken) {
      CheckBatches(preprocess, sources, expected, workers(), keep, taken);
    }
  }
}

// As with two `with` statements, one after the other, that have one variable.
TEST_P(StreamTest, OneThatIsStoppedLeavesItsMemoryToTheNext) {
  const std::vector<ImageSource> sources = {TestSources()[0]};
  const ImagePreprocessor preprocess(SmallSpec(nullptr));
  Ring ring(2, preprocess.slot_bytes());
  IdleWorkers idle(preprocess.spec(), workers());
  std::unique_ptr<WorkerSet> set = idle.Take();
  const WorkerState* const state = (*set)[0];
  idle.GiveBack(std::move(set));
  BatchStream stream(preprocess, &idle, sources, GreyDecoder(), 1, ring.pointers, 1);
  EXPECT_TRUE(stream.Start().ok() && (*idle.Take())[0] != state);
  stream.Stop();
  stream.Stop();
  EXPECT_TRUE((*idle.Take())[0] == state) << "memory of a stream that still is there";
}

}  // namespace
}  // namespace regcore
