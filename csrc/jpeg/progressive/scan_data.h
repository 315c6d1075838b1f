// The entropy-coded data of one scan of a progressive JPEG after the other, with its restarts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "jpeg/entropy/entropy_segments.h"
#include "jpeg/progressive/kernels.h"

namespace regcore {

// Every false means that the scan is not what an encoder writes.
class ScanData {
 public:
  static size_t BytesFor(size_t size) { return EntropySegments::BytesFor(size); }

  // Begins a scan whose data, which must outlive it, go on to the end of the file;
  // `restart_interval` is in MCUs, 0: none. `sound` says whether a marker ends the first segment.
  Status Start(const uint8_t* data, size_t size, unsigned restart_interval, bool* sound);

  // How many of the next `count` MCUs lie before a restart, at least one; 0: not sound. What is
  // handed from block to block begins anew with every segment.
  int Take(int count);

  // What the MCUs taken last are read with, up to `end`.
  EntropyState* state() { return &state_; }
  const uint8_t* end() const { return segments_.end(); }

  // The sum of the differences of the first coefficients of component `i` of the scan.
  int* sum(int i) { return &sums_[i]; }

  // Ends the scan, where its data have been read, or passes over the rest.
  bool Finish(bool all_read);

  // The marker after the scan, and what follows it.
  uint8_t marker() const { return segments_.marker(); }
  const uint8_t* rest() const { return segments_.rest(); }

  size_t capacity() const { return segments_.capacity(); }
  void Release() { segments_.Release(); }

 private:
  bool StartSegment();
  bool SegmentIsUsedUp() const;
  bool Restart();

  EntropySegments segments_;
  EntropyState state_;
  int sums_[3] = {};
  unsigned restart_interval_ = 0;
  unsigned until_restart_ = 0;
  uint8_t next_restart_ = 0;  // of the eight restart markers
};

}  // namespace regcore
