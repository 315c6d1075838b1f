#include "jpeg/entropy/scan_data.h"

#include <algorithm>
#include <iterator>

#include "jpeg/entropy/markers.h"

namespace regcore {

Status ScanData::Start(const uint8_t* data, size_t size, unsigned restart_interval, bool* sound) {
  restart_interval_ = restart_interval;
  next_restart_ = 0;
  REGCORE_RETURN_IF_ERROR(segments_.Open(data, size));
  *sound = StartSegment();
  return {};
}

bool ScanData::StartSegment() {
  if (!segments_.Next()) return false;
  state_ = {BitReader(segments_.begin())};
  std::fill(std::begin(sums_), std::end(sums_), 0);
  until_restart_ = restart_interval_;
  rest_is_passed_over_ = false;
  return true;
}

// Less than a byte is left, to fill up the last one, and no block is promised to have ended.
bool ScanData::IsUsedUp() const {
  const int64_t left = state_.reader.Left(segments_.end());
  return rest_is_passed_over_ || (left >= 0 && left < 8 && state_.ended == 0);
}

bool ScanData::Restart() {
  if (!IsUsedUp() || marker() != kRst0 + next_restart_) return false;
  next_restart_ = (next_restart_ + 1) & 7;
  return StartSegment();
}

int ScanData::Take(int count) {
  if (restart_interval_ == 0) return count;
  if (until_restart_ == 0 && !Restart()) return 0;
  const unsigned run = std::min(static_cast<unsigned>(count), until_restart_);
  until_restart_ -= run;
  return static_cast<int>(run);
}

int ScanData::PassOver(int count) {
  if (restart_interval_ == 0) return count;
  while (count > 0 && static_cast<unsigned>(count) >= until_restart_) {
    count -= static_cast<int>(until_restart_);
    until_restart_ = 0;
    rest_is_passed_over_ = true;
    if (count > 0 && !Restart()) return -1;
  }
  return count;
}

bool ScanData::PassOverRest() {
  while (marker() >= kRst0 && marker() <= kRst7) {
    if (restart_interval_ == 0 || !segments_.Next()) return false;
  }
  return true;
}

}  // namespace regcore
