// The headers of a progressive JPEG's scans, one after the other, with the tables that are in
// force.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jpeg/entropy/huffman_spec.h"
#include "jpeg/progressive/progressive_header.h"

namespace regcore {

// Only what an encoder writes: between scans, tables of codes and restart intervals.
class ScanSequence {
 public:
  enum class Step { kScan, kEndOfImage, kUnsound };

  // `header` must outlive the sequence's use.
  void Start(const ProgressiveHeader& header);

  // Goes to the next scan, from the marker that ends the data of this one; see EntropySegments.
  Step Next(uint8_t marker, const uint8_t* rest);

  const ProgressiveScan& scan() const { return scan_; }
  unsigned restart_interval() const { return restart_interval_; }

  // The codes of the scan's component number `i`; null where they are not defined.
  const HuffmanSpec& dc(int i) const { return dc_[scan_.dc_table[i]]; }
  const HuffmanSpec& ac(int i) const { return ac_[scan_.ac_table[i]]; }

  // Of the scan, to the end of the file.
  const uint8_t* data() const { return data_; }
  size_t size() const { return static_cast<size_t>(end_ - data_); }

 private:
  struct Table {
    uint8_t counts[17];
    uint8_t symbols[256];
  };

  bool TakeTables(const uint8_t* body, size_t size);
  bool TakeScan(const uint8_t* body, size_t size);

  const ProgressiveHeader* header_ = nullptr;
  ProgressiveScan scan_;
  unsigned restart_interval_ = 0;
  const uint8_t* data_ = nullptr;
  const uint8_t* end_ = nullptr;
  HuffmanSpec dc_[kMaxTables];
  HuffmanSpec ac_[kMaxTables];
  Table tables_[2][kMaxTables];  // defined after the first scan, of each class
};

}  // namespace regcore
