// The entropy-coded data of one scan after the other, with its restarts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "jpeg/entropy/bit_reader.h"
#include "jpeg/entropy/entropy_segments.h"

namespace regcore {

// ITU-T T.81, B.2.3.
inline constexpr int kMaxScanComponents = 4;

// What the reader of a segment hands from block to block.
struct EntropyState {
  BitReader reader;
  uint32_t ended = 0;  // blocks from the next one on that have no more codes, in progressive scans
};

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

  // The sums of the differences of the first coefficients, of each component of the scan.
  int* sums() { return sums_; }

  // Passes over the segments whose MCUs are all among the next `count`, and returns how many of
  // these are left to be read; negative: not sound. Nothing after a restart depends on what was
  // before it.
  int PassOver(int count);

  // Whether the present segment has been read to its end, or passed over.
  bool IsUsedUp() const;

  // Passes over the rest of the scan, of which only the markers are looked at.
  bool PassOverRest();

  // The marker after the scan, and what follows it.
  uint8_t marker() const { return segments_.marker(); }
  const uint8_t* rest() const { return segments_.rest(); }

  size_t capacity() const { return segments_.capacity(); }
  void Release() { segments_.Release(); }

 private:
  bool StartSegment();
  bool Restart();

  EntropySegments segments_;
  EntropyState state_;
  int sums_[kMaxScanComponents] = {};
  unsigned restart_interval_ = 0;
  unsigned until_restart_ = 0;        // in MCUs
  uint8_t next_restart_ = 0;          // of the eight restart markers
  bool rest_is_passed_over_ = false;  // of the segment
};

}  // namespace regcore
