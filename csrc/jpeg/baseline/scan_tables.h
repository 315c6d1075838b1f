// The tables of all components of a scan.
#pragma once

#include "jpeg/baseline/pair_table.h"
#include "jpeg/baseline/scan_header.h"
#include "jpeg/entropy/huffman_table.h"

namespace regcore {

// The tables by which the blocks of one component are read.
struct ComponentTables {
  const PairTable* dc = nullptr;
  const PairTable* ac = nullptr;
};

class ScanTables {
 public:
  ScanTables() = default;
  ScanTables(const ScanTables&) = delete;  // its parts point at each other
  ScanTables& operator=(const ScanTables&) = delete;

  // False: a table is none of 8-bit baseline JPEG. What is as it was for the last scan costs
  // nothing.
  bool Build(const ScanHeader& scan);

  // Of each component.
  const ComponentTables* components() const { return components_; }

 private:
  struct Tables {
    HuffmanTable dc_codes{HuffmanClass::kDc};
    HuffmanTable ac_codes{HuffmanClass::kAc};
    PairTable dc;
    PairTable ac;

    bool Build(const HuffmanSpec& dc_spec, const HuffmanSpec& ac_spec);
  };

  Tables tables_[kMaxComponents];
  ComponentTables components_[kMaxComponents];
};

}  // namespace regcore
