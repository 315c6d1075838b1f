// What is asked for ahead, which no result shows.
#include "preprocess/sources_ahead.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Asked {
  std::string path;
  off_t offset;
  off_t length;
};

std::mutex asked_mutex;
std::vector<Asked> asked_for;

}  // namespace

#if defined(POSIX_FADV_WILLNEED)
// Instead of the system's, which leaves no trace.
extern "C" int posix_fadvise(int file, off_t offset, off_t length, int advice) noexcept {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t size = ::readlink(link.c_str(), path, sizeof(path));
  const std::lock_guard<std::mutex> lock(asked_mutex);
  if (advice == POSIX_FADV_WILLNEED && size > 0) {
    asked_for.push_back({std::string(path, static_cast<size_t>(size)), offset, length});
  }
  return 0;
}
#endif

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

#if defined(POSIX_FADV_WILLNEED)
TEST(SourcesAheadTest, AsksForFilesAndTheirParts) {
  const std::string path = testing::TempDir() + "sources_ahead_file";
  ASSERT_TRUE(std::ofstream(path) << "twelve bytes");
  std::vector<ImageSource> sources(5);
  for (size_t i = 1; i < sources.size(); ++i) sources[i].path = path.c_str();
  for (size_t i = 2; i < sources.size(); ++i) sources[i].is_part = true;
  sources[2].part = {3, 4};
  sources[3].part = {5, 0};  // there is nothing to be read of it
  sources[4].part = {0, size_t{1} << 40};
  SourcesAhead ahead;
  ahead.Reset(&sources);
  asked_for.clear();
  ahead.Note(0, kSlow);
  ASSERT_EQ(asked_for.size(), 3u);
  for (const Asked& asked : asked_for) EXPECT_EQ(asked.path, path);
  EXPECT_EQ(asked_for[0].offset, 0);
  EXPECT_GE(asked_for[0].length, 12);
  EXPECT_EQ(asked_for[1].offset, 3);
  EXPECT_EQ(asked_for[1].length, 4);
  EXPECT_EQ(asked_for[2].length, asked_for[0].length);  // not more of one than of any
  ::unlink(path.c_str());
}
#endif

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
