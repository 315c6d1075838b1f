#include "jpeg/baseline/mcu_reader.h"

#include <algorithm>

#include "jpeg/entropy/markers.h"

namespace regcore {
namespace {

// How many MCUs are passed over at a time.
constexpr int kPassedOver = 32;

}  // namespace

size_t McuReader::BytesFor(const ScanHeader& scan, int mcus) {
  return ScanData::BytesFor(scan.size) + BlockTargets::BytesFor(mcus) +
         BlockTargets::BytesFor(kPassedOver);
}

void McuReader::Release() {
  data_.Release();
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
  return data_.Start(scan.data, scan.size, scan.restart_interval, sound);
}

bool McuReader::AtEndOfImage() const { return data_.IsUsedUp() && data_.marker() == kEoi; }

bool McuReader::ReachesEndOfImage() const {
  if (data_.marker() == kEoi) return true;
  const bool restarts =
      scan_->restart_interval != 0 && data_.marker() >= kRst0 && data_.marker() <= kRst7;
  return restarts && ScanReachesEndOfImage(data_.rest(), scan_->data + scan_->size);
}

// MCUs without a restart among them, into those from `first` on.
bool McuReader::ReadRun(const BlockTargets& targets, int first, int count) {
  const size_t blocks = targets.per_mcu() * static_cast<size_t>(count);
  return read_blocks_(targets.Mcu(first), blocks, targets.layout(), data_.end(),
                      &data_.state()->reader) &&
         targets.AddUp(first, count, data_.sums());
}

bool McuReader::Read(const BlockTargets& targets, int count) {
  for (int first = 0; first < count;) {
    const int run = data_.Take(count - first);
    if (run == 0 || !ReadRun(targets, first, run)) return false;
    first += run;
  }
  return true;
}

bool McuReader::Skip(int count) {
  if (!check_all_) count = data_.PassOver(count);
  if (count < 0) return false;
  for (; count > 0; count -= kPassedOver) {
    if (!Read(passed_over_, std::min(count, kPassedOver))) return false;
  }
  return true;
}

}  // namespace regcore
