// Packed plans of the sizes seen, so that a data set of like images plans once.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "resample/kernels.h"

namespace regcore {

// One worker's cache for one recipe; not thread-safe.
class PlanCache {
 public:
  PlanCache(const ResampleKernel& kernel, Filter filter) : kernel_(kernel), filter_(filter) {}

  // Pointers stay valid until the next Trim.
  Status Horizontal(int input_size, int output_size, int first, int count, const PackedAxis** axis);
  Status Vertical(int input_size, int output_size, int first, int count, const PackedAxis** axis);

  // Forgets everything if the cache has outgrown its limit.
  void Trim();

 private:
  using Axes = std::vector<std::unique_ptr<PackedAxis>>;
  Status Find(Axes* axes, Status (*pack)(PackedAxis*), int input_size, int output_size, int first,
              int count, const PackedAxis** axis);

  const ResampleKernel& kernel_;
  Filter filter_;
  Axes horizontal_;
  Axes vertical_;
  size_t bytes_ = 0;
};

}  // namespace regcore
