// Pool, jobs and streams against one worker's results, to be run under sanitizers.
//
// pipeline_test [FILE...]: with pictures made here, or with these files.
#include <algorithm>
#include <cstdio>

#include "checks.h"

namespace regcore {
namespace {

int Main(const std::vector<std::string>& files) {
  Report report;
  std::vector<Bytes> images;
  std::vector<ImageSource> sources;
  if (files.empty()) {
    CheckScans(&report);
    CheckDecoder(&report);
    CheckPool(&report);
    CheckMemory(&report);
    images = MixedImages();
    sources = SourcesOf(images);
  }
  for (const std::string& file : files) {
    ImageSource source;
    source.path = file.c_str();
    sources.push_back(source);
  }
  // A stream is run once for every batch of it.
  const auto end = sources.begin() + static_cast<ptrdiff_t>(std::min(sources.size(), size_t{60}));
  for (const size_t workers : {size_t{1}, size_t{8}}) {
    CheckJob(sources, workers, &report);
    CheckStream({sources.begin(), end}, workers, &report);
  }
  std::printf("%d passed, %d failed\n", report.passed(), report.failed());
  return report.failed() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace regcore

int main(int argc, char** argv) { return regcore::Main({argv + 1, argv + argc}); }
