#include "jpeg/progressive/scan_reader.h"

#include <algorithm>

namespace regcore {
namespace {

int DivideUp(int value, int divisor) { return (value + divisor - 1) / divisor; }

// The blocks of a component that hold pixels: those of a scan of it alone.
int BlocksAcross(const FrameHeader& frame, int component) {
  return DivideUp(DivideUp(frame.width, frame.ratio_across(component)), 8);
}

int BlocksDown(const FrameHeader& frame, int component) {
  return DivideUp(DivideUp(frame.height, frame.ratio_down(component)), 8);
}

// Reads the difference of a first coefficient, down to bit `low`.
bool ReadFirst(const HuffmanTable& codes, int low, BitReader* reader, int* sum, int16_t* block) {
  const HuffmanCode code = codes.Find(reader->bits());
  if (code.advance() == kNoCode) return false;
  *sum += code.Coefficient(reader->bits());
  reader->Skip(code.length());
  const int value = *sum * (1 << low);
  if (value < -kLargestDc - 1 || value > kLargestDc) return false;
  if (block != nullptr) *block = static_cast<int16_t>(value);
  return true;
}

// Reads bit `low` of a first coefficient.
void RefineFirst(int low, BitReader* reader, int16_t* block) {
  const int bit = static_cast<int>(reader->bits() >> 63);
  reader->Skip(1);
  if (block != nullptr) *block = static_cast<int16_t>(*block | bit << low);
}

}  // namespace

Status ScanReader::Start(const FrameHeader& frame, const KeptBlocks& kept, bool check_rest) {
  frame_ = &frame;
  kept_ = kept;
  check_rest_ = check_rest;
  return histories_.Prepare(frame);
}

void ScanReader::Release() {
  histories_.Release();
  data_.Release();
}

bool ScanReader::BuildTables(const ScanSequence& scans) {
  const ProgressiveScan& scan = scans.scan();
  const auto build = [](const HuffmanSpec& spec, HuffmanTable* table) {
    bool rebuilt = false;
    return spec.counts != nullptr && table->Build(spec, &rebuilt);
  };
  if (scan.first > 0) return build(scans.ac(0), &ac_codes_);
  if (scan.high > 0) return true;  // bits without codes
  for (int i = 0; i < scan.components; ++i) {
    if (!build(scans.dc(i), &dc_codes_[i])) return false;
  }
  return true;
}

Status ScanReader::Read(const ScanSequence& scans, bool* sound) {
  *sound = BuildTables(scans);
  if (!*sound) return {};
  REGCORE_RETURN_IF_ERROR(data_.Start(scans.data(), scans.size(), scans.restart_interval(), sound));
  if (!*sound) return {};
  const ProgressiveScan& scan = scans.scan();
  *sound = scan.first == 0 ? ReadFirstCoefficients(scan) : ReadBand(scan);
  return {};
}

// In a scan of one component each of its blocks is an MCU; in one of several, blocks that hold no
// pixels fill up the last MCUs.
bool ScanReader::ReadFirstCoefficients(const ProgressiveScan& scan) {
  const int component = scan.component[0];
  const bool alone = scan.components == 1;
  const int across = alone ? BlocksAcross(*frame_, component) : frame_->mcus_across();
  const int down = alone ? BlocksDown(*frame_, component) : frame_->mcus_down();
  const int block_rows = alone ? 1 : frame_->component[component].blocks_down;
  const int last = check_rest_ ? down : std::min(down, kept_.last_row(component) / block_rows);
  for (int row = 0; row < last; ++row) {
    BlockOfMcu blocks[kMaxBlocksOfMcu];
    const int size = BlocksOfMcu(scan, row, blocks);
    for (int column = 0; column < across;) {
      const int count = data_.Take(across - column);
      if (count == 0 || !ReadMcus(scan, blocks, size, column, count)) return false;
      column += count;
    }
  }
  return last == down ? data_.IsUsedUp() : data_.PassOverRest();
}

// The blocks of each MCU of row `row` of a scan. Returns how many these are.
int ScanReader::BlocksOfMcu(const ProgressiveScan& scan, int row, BlockOfMcu* blocks) const {
  const bool alone = scan.components == 1;
  int count = 0;
  for (int i = 0; i < scan.components; ++i) {
    const int c = scan.component[i];
    const int across = alone ? 1 : frame_->component[c].blocks_across;
    const int down = alone ? 1 : frame_->component[c].blocks_down;
    for (int block = 0; block < across * down; ++block) {
      const BlockRow kept = kept_.Row(c, row * down + block / across);
      const int end = kept.data == nullptr ? 0 : kept_.last_column(c);
      blocks[count++] = {i, across, block % across, kept_.first_column(c), end, kept};
    }
  }
  return count;
}

// `count` MCUs of a row, from MCU `first` on, each of `size` blocks.
bool ScanReader::ReadMcus(const ProgressiveScan& scan, const BlockOfMcu* blocks, int size,
                          int first, int count) {
  BitReader reader = data_.state()->reader;  // in registers
  for (int mcu = first; mcu < first + count; ++mcu) {
    for (const BlockOfMcu* block = blocks; block != blocks + size; ++block) {
      const int column = mcu * block->across + block->offset;
      const bool is_kept = column >= block->first_kept && column < block->last_kept;
      int16_t* const kept = is_kept ? block->kept.Block(column - block->first_kept) : nullptr;
      reader.Refill();
      if (reader.IsFarPast(data_.end())) return false;
      if (scan.high > 0) {
        RefineFirst(scan.low, &reader, kept);
      } else if (!ReadFirst(dc_codes_[block->component], scan.low, &reader,
                            &data_.sums()[block->component], kept)) {
        return false;
      }
    }
  }
  data_.state()->reader = reader;
  return reader.Left(data_.end()) >= 0;
}

bool ScanReader::ReadBand(const ProgressiveScan& scan) {
  const int component = scan.component[0];
  const int across = BlocksAcross(*frame_, component);
  const int down = BlocksDown(*frame_, component);
  const int last = check_rest_ ? down : std::min(down, kept_.last_row(component));
  for (int row = 0; row < last; ++row) {
    if (!ReadBandRow(scan, row, across)) return false;
  }
  return last == down ? data_.IsUsedUp() : data_.PassOverRest();
}

bool ScanReader::ReadBandRow(const ProgressiveScan& scan, int row, int across) {
  const int c = scan.component[0];
  const ReadAc read = scan.high == 0 ? kernels_.first : kernels_.refinement;
  const BlockRow kept = kept_.Row(c, row);
  const int first_kept = std::min(kept_.first_column(c), across);
  const int last_kept = std::min(kept_.last_column(c), across);
  for (int column = 0; column < across;) {
    const bool is_kept = kept.data != nullptr && column >= first_kept && column < last_kept;
    int end = across;
    if (kept.data != nullptr && column < last_kept) end = is_kept ? last_kept : first_kept;
    const int count = data_.Take(end - column);
    if (count == 0) return false;
    const AcScan band{&ac_codes_,
                      &kept_.layout(),
                      static_cast<unsigned>(scan.first),
                      static_cast<unsigned>(scan.last) + 1,
                      scan.low,
                      data_.end()};
    const BlockRun run{histories_.Row(c, row) + column, static_cast<size_t>(count),
                       is_kept ? kept : BlockRow(), is_kept ? column - first_kept : 0};
    if (!read(band, run, data_.state())) return false;
    column += count;
  }
  return true;
}

}  // namespace regcore
