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

using Rules = void (*)(PreprocessSpec*);

// The guide's, but for the size.
void Usual(PreprocessSpec* spec) {
  spec->crop = {Resize::kShortSide, 24, 24, 17, 17, CropOffset::kHalfEven, false};
}

// All that copies pixels before the resize, and a border.
void Rearranged(PreprocessSpec* spec) {
  spec->crop = {Resize::kInside, 24, 31, 27, 17, CropOffset::kFloor, true};
  spec->fill[1] = 200;
  spec->apply_orientation = true;
  spec->channels = Channels::kGray;
}

PreprocessSpec SpecOf(Rules rules, SimdLevel level, bool full_decode, OnWarning on_warning) {
  PreprocessSpec spec{};
  rules(&spec);
  spec.filter = Filter::kBicubic;
  spec.order = PassOrder::kPillow13;
  spec.formula = {255, {0.4f, 0.4f, 0.4f},  {0.2f, 0.2f, 0.2f}, {1, 1, 1}, 0,
                  0,   Arithmetic::kFloat32};
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
std::vector<std::unique_ptr<Pipeline>> MakePipelines(Rules rules) {
  const std::vector<SimdLevel> levels = SupportedSimdLevels();
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  const auto add = [&](SimdLevel level, bool full_decode, OnWarning on_warning) {
    pipelines.push_back(std::make_unique<Pipeline>(SpecOf(rules, level, full_decode, on_warning)));
  };
  add(SimdLevel::kPortable, true, OnWarning::kReport);
  const SimdLevel second_best = levels[levels.size() > 1 ? levels.size() - 2 : 0];
  add(levels.back(), false, OnWarning::kReport);
  add(second_best, false, OnWarning::kIgnore);
  return pipelines;
}

void Demand(bool holds, const char* what, const Status& expected, const Status& actual) {
  if (holds) return;
  std::fprintf(stderr, "%s differs: full decode '%s', region '%s'\n", what,
               expected.message().c_str(), actual.message().c_str());
  std::abort();
}

void Compare(const std::vector<std::unique_ptr<Pipeline>>& pipelines, const ImageSource& source) {
  Pipeline& reference = *pipelines.front();
  const Status expected = reference.Run(source);
  for (size_t i = 1; i < pipelines.size(); ++i) {
    Pipeline& pipeline = *pipelines[i];
    const Status actual = pipeline.Run(source);
    Demand(actual.code() == expected.code(), "verdict", expected, actual);
    if (!expected.ok()) continue;
    Demand(pipeline.slot == reference.slot, "tensor", expected, actual);
    Demand(pipeline.worker.diagnostics.orientation == reference.worker.diagnostics.orientation,
           "orientation", expected, actual);
    if (pipeline.preprocess.spec().on_warning == OnWarning::kIgnore) continue;
    const Diagnostics &all = reference.worker.diagnostics, &found = pipeline.worker.diagnostics;
    Demand(found.warnings == all.warnings, "number of warnings", expected, actual);
    Demand(found.first_warning == all.first_warning, "first warning", expected, actual);
  }
}

}  // namespace
}  // namespace regcore

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto usual = regcore::MakePipelines(regcore::Usual);
  static const auto rearranged = regcore::MakePipelines(regcore::Rearranged);
  regcore::ImageSource source;
  source.data = data;
  source.size = size;
  regcore::Compare(usual, source);
  regcore::Compare(rearranged, source);
  return 0;
}
