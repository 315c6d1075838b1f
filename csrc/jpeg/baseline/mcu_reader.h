// The entropy-coded data of a scan, one row of MCUs after the other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "jpeg/baseline/bit_reader.h"
#include "jpeg/baseline/coefficients.h"
#include "jpeg/baseline/entropy_segments.h"
#include "jpeg/baseline/huffman_table.h"
#include "jpeg/baseline/scan_header.h"

namespace regcore {

// Every false means that the scan is not what an encoder writes, and leaves it to libjpeg to say
// what is to become of it.
class McuReader {
 public:
  static constexpr int kMaxBlocks = 6;  // in an MCU

  // `scan` must outlive the reader's use.
  Status Open(const ScanHeader& scan, bool* sound);

  // Reads the next row of MCUs, and of it the MCUs [first, last) into `coefficients`.
  bool ReadRow(int first, int last, Coefficients* coefficients);

  bool SkipRow();

  // Whether the image ends where it should, once all rows are read.
  bool AtEndOfImage() const;

  // Whether the rest of the scan, looked at only for its markers, has its end.
  bool ReachesEndOfImage() const;

  size_t capacity() const { return segments_.capacity(); }
  void Release() { segments_.Release(); }

 private:
  template <bool kStore>
  bool ReadMcus(int first, int count, Coefficients* coefficients);
  template <bool kStore>
  bool ReadRun(int first, int count, Coefficients* coefficients);
  bool Restart();
  bool SegmentIsUsedUp() const;

  // One of the blocks of which an MCU consists.
  struct Block {
    const HuffmanTable* dc_table;
    const PairTable* ac_table;
    int component;
    int across, down;  // in the MCU
    int per_mcu;       // blocks of its component side by side
  };

  bool BuildTables();
  bool StartSegment();

  const ScanHeader* scan_ = nullptr;
  Block blocks_[kMaxBlocks];
  int block_count_ = 0;
  EntropySegments segments_;
  BitReader reader_;
  HuffmanTable dc_tables_[Coefficients::kMaxComponents];
  PairTable ac_tables_[Coefficients::kMaxComponents];
  int dc_[Coefficients::kMaxComponents] = {};
  unsigned until_restart_ = 0;  // in MCUs
  uint8_t next_restart_ = 0;    // of the eight restart markers
};

}  // namespace regcore
