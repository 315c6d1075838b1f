// How long the stages of preprocessing take.
#pragma once

#include <chrono>

namespace regcore {

// One image's way through the stages, each of which begins where the one before ends. A stage that
// it did not go through takes no time.
struct ImageTimes {
  using Time = std::chrono::steady_clock::time_point;

  Time began;
  Time read;
  Time decoded;
  Time resampled;  // and normalised

  static Time Now() { return std::chrono::steady_clock::now(); }
};

// Sums over images, by one thread's clock.
struct StageTimes {
  std::chrono::nanoseconds read{0};
  std::chrono::nanoseconds decode{0};
  std::chrono::nanoseconds resample{0};  // and normalise
  std::chrono::nanoseconds write{0};     // with the checksum

  StageTimes& operator+=(const ImageTimes& image) {
    read += image.read - image.began;
    decode += image.decoded - image.read;
    resample += image.resampled - image.decoded;
    return *this;
  }

  StageTimes& operator+=(const StageTimes& other) {
    read += other.read;
    decode += other.decode;
    resample += other.resample;
    write += other.write;
    return *this;
  }
};

}  // namespace regcore
