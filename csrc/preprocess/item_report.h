// What there is to tell about the images of a list, apart from their pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"

namespace regcore {

// What was noticed on the way to an image's pixels.
struct Diagnostics {
  size_t warnings = 0;        // how often libjpeg repaired damage
  std::string first_warning;  // its words
  int orientation = 1;        // of EXIF, where the picture was not turned by it
  bool clipped = false;       // it had values beyond 8 bits, which its decoder clipped

  bool empty() const { return warnings == 0 && orientation == 1 && !clipped; }
};

struct ItemReport {
  size_t index = 0;
  Status status;
  Diagnostics diagnostics;
};

// Collects reports from several threads at a time. Images without any cost nothing.
class ReportList {
 public:
  // Empties the list, for items [first, first + count). May throw std::bad_alloc.
  void Reset(size_t first, size_t count);

  // Never fails: where memory for the words is lacking, the item is told to have lacked memory.
  void Add(ItemReport report) noexcept;

  // The reports, ordered by index. Not while Add runs. May throw std::bad_alloc.
  std::vector<ItemReport> Take();

 private:
  std::mutex mutex_;
  std::vector<ItemReport> reports_;
  size_t first_ = 0;
  std::vector<uint8_t> lost_details_;  // by item, 1 where reports_ had no room
};

}  // namespace regcore
