#include "jpeg/baseline/mcu_reader.h"

#include <algorithm>
#include <iterator>

#include "jpeg/entropy/markers.h"

namespace regcore {
namespace {

// How many MCUs are passed over at a time.
constexpr int kPassedOver = 32;

}  // namespace

size_t McuReader::BytesFor(const ScanHeader& scan, int mcus) {
  return EntropySegments::BytesFor(scan.size) + BlockTargets::BytesFor(mcus) +
         BlockTargets::BytesFor(kPassedOver);
}

void McuReader::Release() {
  segments_.Release();
  wanted_.Release();
  passed_over_.Release();
}

Status McuReader::Open(const ScanHeader& scan, int mcus, const Coefficients& coefficients,
                       bool check_all, bool* sound) {
  scan_ = &scan;
  check_all_ = check_all;
  *sound = false;
  if (!tables_.Build(scan)) return {};
  REGCORE_RETURN_IF_ERROR(wanted_.Prepare(scan.frame, tables_.components(), mcus, &coefficients));
  REGCORE_RETURN_IF_ERROR(
      passed_over_.Prepare(scan.frame, tables_.components(), kPassedOver, nullptr));
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
  rest_is_passed_over_ = false;
  return true;
}

// Less than a byte is left, to fill up the last one.
bool McuReader::SegmentIsUsedUp() const {
  const int64_t left = reader_.Left(segments_.end());
  return rest_is_passed_over_ || (left >= 0 && left < 8);
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

// MCUs without a restart among them, into those from `first` on.
bool McuReader::ReadRun(const BlockTargets& targets, int first, int count) {
  if (count == 0) return true;
  const size_t blocks = targets.per_mcu() * static_cast<size_t>(count);
  return read_blocks_(targets.Mcu(first), blocks, targets.layout(), segments_.end(), &reader_) &&
         targets.AddUp(first, count, dc_);
}

bool McuReader::Read(const BlockTargets& targets, int count) {
  if (scan_->restart_interval == 0) return ReadRun(targets, 0, count);
  for (int first = 0; first < count;) {
    if (until_restart_ == 0 && !Restart()) return false;
    const int run =
        static_cast<int>(std::min(static_cast<unsigned>(count - first), until_restart_));
    if (!ReadRun(targets, first, run)) return false;
    until_restart_ -= static_cast<unsigned>(run);
    first += run;
  }
  return true;
}

bool McuReader::Skip(int count) {
  // Nothing after a restart depends on what was before it.
  const bool jumps = !check_all_ && scan_->restart_interval > 0;
  while (jumps && count > 0 && static_cast<unsigned>(count) >= until_restart_) {
    count -= static_cast<int>(until_restart_);
    until_restart_ = 0;
    rest_is_passed_over_ = true;
    if (count > 0 && !Restart()) return false;
  }
  for (; count > 0; count -= kPassedOver) {
    if (!Read(passed_over_, std::min(count, kPassedOver))) return false;
  }
  return true;
}

}  // namespace regcore
