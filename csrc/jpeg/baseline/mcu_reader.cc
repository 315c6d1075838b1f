#include "jpeg/baseline/mcu_reader.h"

#include <algorithm>
#include <iterator>

#include "jpeg/baseline/markers.h"

namespace regcore {
namespace {

// No first coefficient of an 8-bit image is larger (ITU-T T.81, F.1.2.1.2).
constexpr int kLargestDc = 2047;

}  // namespace

bool McuReader::BuildTables() {
  block_count_ = 0;
  for (int c = 0; c < scan_->components; ++c) {
    const ScanComponent& component = scan_->component[c];
    bool rebuilt = false;
    if (!dc_tables_[c].Build(component.dc, &rebuilt)) return false;
    // Both chroma components mostly have the same table, which then is in the cache once.
    const bool shared = c == 2 && component.ac.counts == scan_->component[1].ac.counts;
    PairTable& ac_table = ac_tables_[shared ? 1 : c];
    if (!shared && !ac_table.Build(component.ac)) return false;
    for (int down = 0; down < component.blocks_down; ++down) {
      for (int across = 0; across < component.blocks_across; ++across) {
        blocks_[block_count_++] = {&dc_tables_[c], &ac_table, c,
                                   across,         down,      component.blocks_across};
      }
    }
  }
  return true;
}

Status McuReader::Open(const ScanHeader& scan, bool* sound) {
  scan_ = &scan;
  *sound = false;
  if (!BuildTables()) return {};
  REGCORE_RETURN_IF_ERROR(segments_.Open(scan.data, scan.size));
  next_restart_ = 0;
  *sound = StartSegment();
  return {};
}

bool McuReader::StartSegment() {
  if (!segments_.Next()) return false;
  reader_ = BitReader(segments_.begin());
  std::fill(std::begin(dc_), std::end(dc_), 0);
  until_restart_ = scan_->restart_interval;
  return true;
}

// Less than a byte is left, to fill up the last one.
bool McuReader::SegmentIsUsedUp() const {
  const int64_t left = reader_.Left(segments_.end());
  return left >= 0 && left < 8;
}

bool McuReader::Restart() {
  if (!SegmentIsUsedUp() || segments_.marker() != kRst0 + next_restart_) return false;
  next_restart_ = (next_restart_ + 1) & 7;
  return StartSegment();
}

bool McuReader::AtEndOfImage() const { return SegmentIsUsedUp() && segments_.marker() == kEoi; }

bool McuReader::ReachesEndOfImage() const {
  if (segments_.marker() == kEoi) return true;
  const bool restarts =
      scan_->restart_interval != 0 && segments_.marker() >= kRst0 && segments_.marker() <= kRst7;
  return restarts && ScanReachesEndOfImage(segments_.rest(), scan_->data + scan_->size);
}

// MCUs without a restart among them; `first` is where they go, in the coefficients.
template <bool kStore>
bool McuReader::ReadRun(int first, int count, Coefficients* coefficients) {
  static constexpr BlockLayout kNowhere{};
  const BlockLayout& layout = kStore ? coefficients->layout() : kNowhere;
  BitReader reader = reader_;
  for (int mcu = first; mcu < first + count; ++mcu) {
    unsigned out_of_range = 0;
    for (int i = 0; i < block_count_; ++i) {
      const Block& b = blocks_[i];
      int& dc = dc_[b.component];
      int16_t* block = nullptr;
      if constexpr (kStore) {
        block = coefficients->Block(b.component, b.down, mcu * b.per_mcu + b.across);
      }
      if (!ReadBlock<kStore>(*b.dc_table, *b.ac_table, layout, &reader, &dc, block)) return false;
      out_of_range |= static_cast<unsigned>(dc + kLargestDc + 1) & ~(2u * kLargestDc + 1);
      if constexpr (kStore) block[0] = static_cast<int16_t>(dc);
    }
    if (out_of_range != 0 || reader.Left(segments_.end()) < 0) return false;
  }
  reader_ = reader;
  return true;
}

template <bool kStore>
bool McuReader::ReadMcus(int first, int count, Coefficients* coefficients) {
  if (scan_->restart_interval == 0) return ReadRun<kStore>(first, count, coefficients);
  while (count > 0) {
    if (until_restart_ == 0 && !Restart()) return false;
    const int run = static_cast<int>(std::min(static_cast<unsigned>(count), until_restart_));
    if (!ReadRun<kStore>(first, run, coefficients)) return false;
    until_restart_ -= static_cast<unsigned>(run);
    first += run;
    count -= run;
  }
  return true;
}

bool McuReader::ReadRow(int first, int last, Coefficients* coefficients) {
  return ReadMcus<false>(0, first, nullptr) && ReadMcus<true>(0, last - first, coefficients) &&
         ReadMcus<false>(0, scan_->mcus_across() - last, nullptr);
}

bool McuReader::SkipRow() { return ReadMcus<false>(0, scan_->mcus_across(), nullptr); }

}  // namespace regcore
