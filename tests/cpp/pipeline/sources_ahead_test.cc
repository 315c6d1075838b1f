// What is asked for ahead, which no result shows.
#include "preprocess/sources_ahead.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace regcore {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kFast{1000};
constexpr nanoseconds kSlow = SourcesAhead::kSlow + nanoseconds{1};
constexpr size_t kAhead = SourcesAhead::kAhead;

TEST(SourcesAheadTest, AsksOnlyAfterSlowReading) {
  const std::vector<ImageSource> sources(5000);  // in memory: there is nothing to be read
  SourcesAhead ahead;
  ahead.Reset(&sources);
  ahead.Note(0, kFast);
  EXPECT_EQ(ahead.asked(), 0u);
  ahead.Note(1, kSlow);
  EXPECT_EQ(ahead.asked(), 2 + kAhead);
  ahead.Note(100, kFast);  // those up to it have had their turn
  EXPECT_EQ(ahead.asked(), 101 + kAhead);
  ahead.Note(50, kFast);
  EXPECT_EQ(ahead.asked(), 101 + kAhead);
  ahead.Note(1 + SourcesAhead::kLasts, kFast);
  EXPECT_EQ(ahead.asked(), 101 + kAhead);
  ahead.Reset(&sources);
  ahead.Note(10, kFast);
  EXPECT_EQ(ahead.asked(), 0u);
}

TEST(SourcesAheadTest, EndsWithTheList) {
  const std::vector<ImageSource> sources(kAhead + 3);
  SourcesAhead ahead;
  ahead.Reset(&sources);
  for (size_t index = 0; index < sources.size(); ++index) {
    ahead.Note(index, kSlow);
    EXPECT_EQ(ahead.asked(), std::min(index + 1 + kAhead, sources.size()));
  }
}

TEST(SourcesAheadTest, TakesFilesOfAnyKindFromAllThreads) {
  const std::string pipe = testing::TempDir() + "sources_ahead_pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::vector<ImageSource> sources(400);
  const std::string paths[] = {"/no such file", testing::TempDir(), pipe, "/proc/self/exe"};
  for (size_t i = 0; i < sources.size(); ++i) sources[i].path = paths[i % 4].c_str();
  for (size_t i = 3; i < sources.size(); i += 8) {
    sources[i].is_part = true;
    sources[i].part = {1u << 30, 100};
  }
  SourcesAhead ahead;
  ahead.Reset(&sources);
  std::vector<std::thread> threads;
  for (size_t first = 0; first < 4; ++first) {
    threads.emplace_back([&, first] {
      for (size_t i = first; i < sources.size(); i += 4) ahead.Note(i, kSlow);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ahead.asked(), sources.size());
  ::unlink(pipe.c_str());
}

}  // namespace
}  // namespace regcore
