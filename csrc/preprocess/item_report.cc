#include "preprocess/item_report.h"

#include <algorithm>
#include <new>
#include <utility>

namespace regcore {

void ReportList::Reset(size_t first, size_t count) {
  reports_.clear();
  first_ = first;
  lost_details_.assign(count, 0);
}

void ReportList::Add(ItemReport report) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  try {
    reports_.push_back(std::move(report));
  } catch (const std::bad_alloc&) {
    lost_details_[report.index - first_] = 1;  // push_back left the report as it was
  }
}

std::vector<ItemReport> ReportList::Take() {
  std::vector<ItemReport> reports = std::exchange(reports_, {});
  for (size_t i = 0; i < lost_details_.size(); ++i) {
    if (lost_details_[i] == 0) continue;
    reports.push_back({first_ + i, {StatusCode::kOutOfMemory, "out of memory"}, {}});
  }
  std::sort(reports.begin(), reports.end(),
            [](const ItemReport& a, const ItemReport& b) { return a.index < b.index; });
  return reports;
}

}  // namespace regcore
