#include <algorithm>
#include <chrono>

#include "checks.h"
#include "pipeline/batch_stream.h"

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

}  // namespace

void CheckStream(const std::vector<ImageSource>& sources, size_t workers, Report* report) {
  MemoryBudget budget(size_t{8} << 30);
  const PreprocessSpec spec = SmallSpec(&budget);
  const Expected expected = OneByOne(spec, sources);
  const Preprocess preprocess(spec);
  const size_t slot_bytes = preprocess.slot_bytes();
  // To the end, and then abandoned after each number of batches.
  const size_t batches = (sources.size() + kBatchSize - 1) / kBatchSize;
  for (size_t taken = 0; taken <= batches; ++taken) {
    Ring ring(2, kBatchSize * slot_bytes);
    BatchStream stream(preprocess, workers, sources, GreyDecoder(), kBatchSize, ring.pointers);
    report->Check(stream.Start().ok(), "start of a stream");
    StreamBatch batch;
    size_t next = 0;
    for (size_t i = 0; i < taken; ++i) {
      const bool in_order =
          NextOrEnd(&stream, &batch) == StreamState::kBatch && batch.first == next;
      report->Check(in_order, "order of batches");
      next += batch.count;
      std::vector<StatusCode> codes(batch.count, StatusCode::kOk);
      for (const ItemReport& item : stream.TakeReports()) {
        codes[item.index - batch.first] = item.status.code();
      }
      const Bytes& buffer = ring.memory[batch.buffer];
      for (size_t k = 0; k < batch.count; ++k) {
        const size_t index = batch.first + k;
        report->Check(codes[k] == expected.codes[index], "verdicts of a stream");
        if (codes[k] != StatusCode::kOk) continue;
        report->Check(std::equal(expected.slots[index].begin(), expected.slots[index].end(),
                                 buffer.begin() + static_cast<ptrdiff_t>(k * slot_bytes)),
                      "pixels of a stream, image " + std::to_string(index));
      }
    }
    if (taken == batches) {
      report->Check(NextOrEnd(&stream, &batch) == StreamState::kEnd, "end of a stream");
    }
  }
}

}  // namespace regcore
