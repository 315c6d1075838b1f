// Any bytes as a JPEG, on the way to a small tensor: no sanitizer may complain, and neither the
// instruction set nor partial decoding may change the verdict or a byte of the result.
//
// With clang's libFuzzer (the CMake preset `fuzz`) this searches; with replay.cc it goes through
// given files.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "preprocess/preprocess.h"

namespace regcore {
namespace {

PreprocessSpec SpecOf(SimdLevel level, bool full_decode, OnWarning on_warning) {
  PreprocessSpec spec{};
  spec.crop = {Resize::kShortSide, 24, 24, 17, 17, CropOffset::kHalfEven, false};
  spec.filter = Filter::kBicubic;
  spec.order = PassOrder::kPillow13;
  spec.formula = {255, {0.4f, 0.4f, 0.4f}, {0.2f, 0.2f, 0.2f}, {1, 1, 1}, 0, 0};
  spec.type = DataType::kFloat32;
  spec.layout = Layout::kNchw;
  spec.full_decode = full_decode;
  spec.on_warning = on_warning;
  spec.level = level;
  spec.limits.pixels = 1 << 16;  // larger images cost time and show nothing more
  return spec;
}

struct Pipeline {
  explicit Pipeline(const PreprocessSpec& spec)
      : preprocess(spec), worker(spec, share), slot(preprocess.slot_bytes()) {}

  Status Run(const ImageSource& source) {
    return preprocess.ToSlot(source, 0, {}, &worker, slot.data());
  }

  const ImagePreprocessor preprocess;
  const MemoryShare share{nullptr, 1};
  WorkerState worker;
  std::vector<uint8_t> slot;
};

// The reference, portable kernels after a full decode, first; then partial decodes, which look
// through the rest of the file or do not.
std::vector<std::unique_ptr<Pipeline>> MakePipelines() {
  const std::vector<SimdLevel> levels = SupportedSimdLevels();
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  pipelines.push_back(
      std::make_unique<Pipeline>(SpecOf(SimdLevel::kPortable, true, OnWarning::kReport)));
  const SimdLevel second_best = levels[levels.size() > 1 ? levels.size() - 2 : 0];
  pipelines.push_back(std::make_unique<Pipeline>(SpecOf(levels.back(), false, OnWarning::kReport)));
  pipelines.push_back(std::make_unique<Pipeline>(SpecOf(second_best, false, OnWarning::kIgnore)));
  return pipelines;
}

void Demand(bool holds, const char* what, const Status& expected, const Status& actual) {
  if (holds) return;
  std::fprintf(stderr, "%s differs: full decode '%s', region '%s'\n", what,
               expected.message().c_str(), actual.message().c_str());
  std::abort();
}

}  // namespace
}  // namespace regcore

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using regcore::Demand;
  using regcore::OnWarning;
  static const auto pipelines = regcore::MakePipelines();
  regcore::ImageSource source;
  source.data = data;
  source.size = size;
  regcore::Pipeline& reference = *pipelines.front();
  const regcore::Status expected = reference.Run(source);
  for (size_t i = 1; i < pipelines.size(); ++i) {
    regcore::Pipeline& pipeline = *pipelines[i];
    const regcore::Status actual = pipeline.Run(source);
    Demand(actual.code() == expected.code(), "verdict", expected, actual);
    if (!expected.ok()) continue;
    Demand(pipeline.slot == reference.slot, "tensor", expected, actual);
    Demand(pipeline.worker.diagnostics.orientation == reference.worker.diagnostics.orientation,
           "orientation", expected, actual);
    if (pipeline.preprocess.spec().on_warning == OnWarning::kIgnore) continue;
    const regcore::Diagnostics &all = reference.worker.diagnostics,
                               &found = pipeline.worker.diagnostics;
    Demand(found.warnings == all.warnings, "number of warnings", expected, actual);
    Demand(found.first_warning == all.first_warning, "first warning", expected, actual);
  }
  return 0;
}
