// One scan of a progressive JPEG: from its data to the coefficients that are kept.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/simd_level.h"
#include "base/status.h"
#include "jpeg/entropy/huffman_table.h"
#include "jpeg/entropy/scan_data.h"
#include "jpeg/pixels/frame_header.h"
#include "jpeg/progressive/block_histories.h"
#include "jpeg/progressive/kept_blocks.h"
#include "jpeg/progressive/kernels.h"
#include "jpeg/progressive/scan_sequence.h"

namespace regcore {

class ScanReader {
 public:
  explicit ScanReader(SimdLevel level) : kernels_(ProgressiveKernelsFor(level)) {}

  static size_t BytesFor(const FrameHeader& frame, size_t size) {
    return ScanData::BytesFor(size) + BlockHistories::BytesFor(frame);
  }

  // Begins an image, whose header and kept coefficients, all 0, must outlive the last Read.
  // `check_rest`: what follows the kept blocks is read, too, else passed over to the next marker.
  Status Start(const FrameHeader& frame, const KeptBlocks& kept, bool check_rest);

  // Reads the scan that the sequence is at. `sound`: it is what an encoder writes.
  Status Read(const ScanSequence& scans, bool* sound);

  // The marker that ended the scan, and what follows it.
  uint8_t marker() const { return data_.marker(); }
  const uint8_t* rest() const { return data_.rest(); }

  size_t capacity() const { return data_.capacity() + histories_.capacity(); }
  void Release();

 private:
  // A block of each MCU of a row.
  struct BlockOfMcu {
    int component;              // of the scan
    int across;                 // blocks of the component side by side in an MCU
    int offset;                 // of this one among them
    int first_kept, last_kept;  // columns, the last one excluded
    BlockRow kept;
  };

  bool BuildTables(const ScanSequence& scans);
  bool ReadFirstCoefficients(const ProgressiveScan& scan);
  int BlocksOfMcu(const ProgressiveScan& scan, int row, BlockOfMcu* blocks) const;
  bool ReadMcus(const ProgressiveScan& scan, const BlockOfMcu* blocks, int size, int first,
                int count);
  bool ReadBand(const ProgressiveScan& scan);
  bool ReadBandRow(const ProgressiveScan& scan, int row, int across);

  const ProgressiveKernels& kernels_;
  const FrameHeader* frame_ = nullptr;
  KeptBlocks kept_;
  bool check_rest_ = true;
  BlockHistories histories_;
  ScanData data_;
  HuffmanTable dc_codes_[kMaxComponents] = {
      HuffmanTable(HuffmanClass::kDc), HuffmanTable(HuffmanClass::kDc),
      HuffmanTable(HuffmanClass::kDc), HuffmanTable(HuffmanClass::kDc)};
  HuffmanTable ac_codes_{HuffmanClass::kProgressiveAc};
};

}  // namespace regcore
