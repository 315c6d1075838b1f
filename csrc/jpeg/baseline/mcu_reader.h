// The entropy-coded data of a scan, one row of MCUs after the other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/simd_level.h"
#include "base/status.h"
#include "jpeg/baseline/block_targets.h"
#include "jpeg/baseline/kernels.h"
#include "jpeg/baseline/scan_header.h"
#include "jpeg/baseline/scan_tables.h"
#include "jpeg/entropy/scan_data.h"
#include "jpeg/pixels/coefficients.h"

namespace regcore {

// Every false means that the scan is not what an encoder writes, and leaves it to libjpeg to say
// what is to become of it.
class McuReader {
 public:
  explicit McuReader(SimdLevel level) : read_blocks_(ReadBlocksFor(level)) {}

  static size_t BytesFor(const ScanHeader& scan, int mcus);

  // `coefficients` are prepared for `mcus` MCUs, and like `scan` must outlive the reader's use.
  // `check_all`: what is passed over is looked through for damage.
  Status Open(const ScanHeader& scan, int mcus, const Coefficients& coefficients, bool check_all,
              bool* sound);

  // Reads the next `count` MCUs of a row into the first ones of the coefficients.
  bool Read(int count) { return Read(wanted_, count); }

  // Passes over the next `count` MCUs, by restarts where these need not be looked through.
  bool Skip(int count);

  // Whether the image ends where it should, once all rows are read.
  bool AtEndOfImage() const;

  // Whether the rest of the scan, looked at only for its markers, has its end.
  bool ReachesEndOfImage() const;

  size_t capacity() const {
    return data_.capacity() + wanted_.capacity() + passed_over_.capacity();
  }
  void Release();

 private:
  bool Read(const BlockTargets& targets, int count);
  bool ReadRun(const BlockTargets& targets, int first, int count);

  const ReadBlocks read_blocks_;
  const ScanHeader* scan_ = nullptr;
  ScanTables tables_;
  BlockTargets wanted_;
  BlockTargets passed_over_;
  ScanData data_;
  bool check_all_ = true;
};

}  // namespace regcore
