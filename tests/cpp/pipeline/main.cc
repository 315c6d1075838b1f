// Decoders, pool, jobs and streams against one worker's results, to be run under sanitizers.
//
// pipeline_test [--gtest_filter=...] [FILE...]: jobs and streams run over these files instead of
// the images made here.
#include <gtest/gtest.h>

#include "pipeline/images.h"
#include "pipeline/workers_test.h"

namespace regcore {
namespace {

std::vector<std::string>& Files() {
  static std::vector<std::string> files;
  return files;
}

std::vector<ImageSource> MakeSources() {
  static const std::vector<Bytes> images = MixedImages();
  if (Files().empty()) return SourcesOf(images);
  std::vector<ImageSource> sources;
  for (const std::string& file : Files()) {
    ImageSource source;
    source.path = file.c_str();
    sources.push_back(source);
  }
  return sources;
}

}  // namespace

const std::vector<ImageSource>& TestSources() {
  static const std::vector<ImageSource> sources = MakeSources();
  return sources;
}

}  // namespace regcore

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  regcore::Files().assign(argv + 1, argv + argc);
  return RUN_ALL_TESTS();
}
