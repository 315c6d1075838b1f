// How long the stages of preprocessing take, per worker.
#pragma once

#include <chrono>

namespace regcore {

// Sums over images, by one thread's clock. Writing includes the checksum.
struct StageTimes {
  std::chrono::nanoseconds read{0};
  std::chrono::nanoseconds decode{0};
  std::chrono::nanoseconds resample{0};  // and normalise
  std::chrono::nanoseconds write{0};

  StageTimes& operator+=(const StageTimes& other) {
    read += other.read;
    decode += other.decode;
    resample += other.resample;
    write += other.write;
    return *this;
  }
};

// Adds its own lifetime to a sum.
class StageTimer {
 public:
  explicit StageTimer(std::chrono::nanoseconds* sum) : sum_(sum) {}
  ~StageTimer() { *sum_ += std::chrono::steady_clock::now() - start_; }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  std::chrono::nanoseconds* sum_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace regcore
