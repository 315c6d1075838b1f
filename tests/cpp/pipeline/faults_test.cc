// Faults injected below the library, one at each place where they can happen: allocations that
// fail, reads that are short, interrupted or refused, files that change, threads that do not start.
// Each must end in a status, with nothing lost or leaked, and the next image comes out as ever.
//
// Replaces functions of glibc; not for use with a sanitizer, which does the same.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "files/read_file.h"
#include "pipeline/images.h"
#include "preprocess/batch_stream.h"
#include "preprocess/list_job.h"

#define REGCORE_REPLACES_LIBC extern "C" __attribute__((visibility("default")))

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);
}

namespace {

// No allocation of a thread that is not spared succeeds once this many have.
std::atomic<long> allocations_left{-1};  // negative: no end
std::atomic<bool> only_one_fails{false};
std::atomic<long> live{0};
thread_local bool spared = false;

bool Fails() {
  if (spared || allocations_left < 0) return false;
  const long left = allocations_left.fetch_sub(1);
  if (left > 0) return false;
  allocations_left = only_one_fails ? -1 : 0;
  return true;
}

void* Counted(void* memory) {
  if (memory != nullptr) ++live;
  return memory;
}

enum class ReadFault { kNone, kShort, kRefused, kShrinks, kGrows };
std::atomic<ReadFault> read_fault{ReadFault::kNone};
const char* read_path = nullptr;
std::atomic<int> threads_left{1 << 20};

}  // namespace

REGCORE_REPLACES_LIBC void* malloc(size_t size) {
  return Fails() ? nullptr : Counted(__libc_malloc(size));
}

REGCORE_REPLACES_LIBC void* calloc(size_t count, size_t size) {
  return Fails() ? nullptr : Counted(__libc_calloc(count, size));
}

REGCORE_REPLACES_LIBC void* realloc(void* memory, size_t size) {
  if (memory == nullptr) return malloc(size);
  return Fails() ? nullptr : __libc_realloc(memory, size);
}

REGCORE_REPLACES_LIBC void* aligned_alloc(size_t alignment, size_t size) {
  return Fails() ? nullptr : Counted(__libc_memalign(alignment, size));
}

REGCORE_REPLACES_LIBC int posix_memalign(void** memory, size_t alignment, size_t size) {
  *memory = aligned_alloc(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}

REGCORE_REPLACES_LIBC void free(void* memory) {
  if (memory == nullptr) return;
  --live;
  __libc_free(memory);
}

REGCORE_REPLACES_LIBC ssize_t pread(int file, void* buffer, size_t size, off_t offset) {
  using Read = ssize_t (*)(int, void*, size_t, off_t);
  static const Read real = reinterpret_cast<Read>(::dlsym(RTLD_NEXT, "pread"));
  static std::atomic<unsigned> calls{0};
  const ReadFault fault = read_fault;
  switch (fault) {
    case ReadFault::kNone:
      break;
    case ReadFault::kShort:
      if (++calls % 2 == 0) {
        errno = EINTR;
        return -1;
      }
      return real(file, buffer, size < 100 ? size : 100, offset);
    case ReadFault::kRefused:
      errno = EIO;
      return -1;
    case ReadFault::kShrinks:
    case ReadFault::kGrows:
      read_fault = ReadFault::kNone;
      std::filesystem::resize_file(read_path, fault == ReadFault::kGrows ? size + 9 : size / 2);
      break;
  }
  return real(file, buffer, size, offset);
}

REGCORE_REPLACES_LIBC int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                                         void* (*run)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const Create real = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (--threads_left < 0) return EAGAIN;
  return real(thread, attributes, run, argument);
}

namespace regcore {
namespace {

void Wait(ListJob* job) {
  while (!job->WaitFor(std::chrono::milliseconds(20))) {
  }
}

// One image, its allocations failing from the n-th on, for every n; then just the n-th.
void CheckAllocations(const Bytes& image, const std::string& what) {
  const PreprocessSpec spec = SmallSpec(nullptr);
  const std::vector<Bytes> images = {image};
  const ImageSource source = SourcesOf(images).front();
  const ImagePreprocessor preprocess(spec);
  const Bytes expected = OneByOne(spec, {source}).slots.front();
  for (const bool one : {false, true}) {
    bool failed = true;
    for (long n = 0; failed; ++n) {
      Bytes slot(preprocess.slot_bytes());
      const long before = live;
      {
        const MemoryShare share(nullptr, 1);
        WorkerState worker(spec, share);
        only_one_fails = one;
        allocations_left = n;
        const Status status = preprocess.ToSlot(source, 0, {}, &worker, slot.data());
        failed = one ? allocations_left == -1 : allocations_left == 0;
        allocations_left = -1;
        // A single failure may be survived: some caches do without.
        const bool fine =
            status.ok() ? slot == expected : failed && status.code() == StatusCode::kOutOfMemory;
        EXPECT_TRUE(fine) << what << ", allocation " << n << ": " << status.message();
        const Status after = preprocess.ToSlot(source, 0, {}, &worker, slot.data());
        EXPECT_TRUE(after.ok() && slot == expected) << what << ", the image after a failure";
      }
      const bool leaks = live != before;  // not below: the words allocate, too
      EXPECT_TRUE(!leaks) << what << ", leak after allocation " << n;
    }
  }
}

// Workers whose every allocation fails: an image that cannot even be reported in words is reported.
TEST(FaultsTest, JobsWithoutMemoryReportEveryImage) {
  const PreprocessSpec spec = SmallSpec(nullptr);
  const std::vector<Bytes> images = MixedImages();
  const std::vector<ImageSource> sources = SourcesOf(images);
  const Expected expected = OneByOne(spec, sources);
  const ImagePreprocessor preprocess(spec);
  spared = true;
  for (const long n : {0L, 1L, 7L, 100L, 1000L}) {
    IdleWorkers idle(spec, 3);
    ListJob job(preprocess, &idle);
    Bytes out(preprocess.slot_bytes() * sources.size());
    only_one_fails = false;
    allocations_left = n;
    const Status started = job.StartToSlots(sources, {}, out.data());
    Wait(&job);
    allocations_left = -1;
    std::vector<StatusCode> codes(sources.size(), StatusCode::kOk);
    for (const ItemReport& item : job.TakeReports()) codes[item.index] = item.status.code();
    bool all = started.ok();
    for (size_t i = 0; i < sources.size(); ++i) {
      const bool sound = expected.codes[i] == StatusCode::kOk;
      all = all && (codes[i] == StatusCode::kOutOfMemory ||
                    (codes[i] == StatusCode::kOk) == sound || sources[i].size < 300);
    }
    EXPECT_TRUE(all) << "reports without memory after allocation " << n;
    const Status again = job.StartToSlots(sources, GreyDecoder(), out.data());
    Wait(&job);
    std::vector<StatusCode> codes_again(sources.size(), StatusCode::kOk);
    for (const ItemReport& item : job.TakeReports()) codes_again[item.index] = item.status.code();
    EXPECT_TRUE(again.ok() && codes_again == expected.codes) << "the job after one without memory";
  }
  spared = false;
}

TEST(FaultsTest, ReadsThatFail) {
  const std::string path = std::filesystem::temp_directory_path() /
                           ("regcore-faults-" + std::to_string(::getpid()) + ".jpg");
  const Bytes image = EncodeJpeg(64, 48, {}, 1);
  const auto write = [&] {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(image.data()),
               static_cast<std::streamsize>(image.size()));
  };
  read_path = path.c_str();
  struct Case {
    ReadFault fault;
    const char* words;  // empty: no error
  };
  for (const Case& c : {Case{ReadFault::kNone, ""}, Case{ReadFault::kShort, ""},
                        Case{ReadFault::kRefused, "cannot read: Input/output error"},
                        Case{ReadFault::kShrinks, "changed while it was read"},
                        Case{ReadFault::kGrows, "changed while it was read"}}) {
    write();
    AlignedBuffer buffer;
    size_t size = 0;
    read_fault = c.fault;
    const Status status = ReadFile(path.c_str(), nullptr, image.size(), nullptr, &buffer, &size);
    read_fault = ReadFault::kNone;
    EXPECT_TRUE(status.message() == c.words) << "read fault: '" << status.message() << "'";
    const bool same = size == image.size() && std::equal(image.begin(), image.end(), buffer.data());
    EXPECT_TRUE(!status.ok() || same) << "bytes after read fault";
  }
  std::filesystem::remove(path);
}

TEST(FaultsTest, ThreadsThatDoNotStart) {
  const PreprocessSpec spec = SmallSpec(nullptr);
  const std::vector<Bytes> images = MixedImages();
  const std::vector<ImageSource> sources = SourcesOf(images);
  const Expected expected = OneByOne(spec, sources);
  const ImagePreprocessor preprocess(spec);
  Bytes out(preprocess.slot_bytes() * sources.size());
  for (const int threads : {0, 1, 3}) {
    threads_left = threads;
    IdleWorkers idle(spec, 8);
    ListJob job(preprocess, &idle);
    BatchStream stream(preprocess, &idle, sources, GreyDecoder(), sources.size(),
                       {out.data(), out.data()}, 1);
    threads_left = 1 << 20;
    const Status status = job.StartToSlots(sources, GreyDecoder(), out.data());
    EXPECT_TRUE(status.ok() == (threads > 0)) << "start with " << threads;
    EXPECT_TRUE(!stream.Start().ok()) << "a stream without threads";
    if (!status.ok()) {
      EXPECT_TRUE(status.message() == "the system starts no threads") << status.message();
      continue;
    }
    Wait(&job);
    std::vector<StatusCode> codes(sources.size(), StatusCode::kOk);
    for (const ItemReport& item : job.TakeReports()) codes[item.index] = item.status.code();
    EXPECT_TRUE(codes == expected.codes) << "a job with fewer threads";
  }
}

TEST(FaultsTest, AllocationsOfABaselineImage) {
  CheckAllocations(EncodeJpeg(90, 70, {}, 1), "baseline");
}

TEST(FaultsTest, AllocationsOfAProgressiveImage) {
  JpegKind progressive;
  progressive.progressive = true;
  CheckAllocations(EncodeJpeg(90, 70, progressive, 1), "progressive");
}

}  // namespace
}  // namespace regcore

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
