// Packed plans of the sizes seen, so that a data set of like images plans once.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "resample/method.h"

namespace regcore {

// One worker's cache for one recipe; not thread-safe.
class PlanCache {
 public:
  explicit PlanCache(Filter filter) : filter_(filter) {}

  // The plan of the method's first pass, and of its second. Pointers stay valid until the next
  // Trim.
  Status First(const ResampleMethod& method, int input_size, int output_size, int first, int count,
               const PackedAxis** axis);
  Status Second(const ResampleMethod& method, int input_size, int output_size, int first, int count,
                const PackedAxis** axis);

  // Forgets everything if the cache has outgrown its limit.
  void Trim();

 private:
  struct Entry {
    ResampleMethod::MakePlan make_plan;
    const ResampleKernel* kernel;
    std::unique_ptr<PackedAxis> axis;
  };
  using Entries = std::vector<Entry>;
  Status Find(Entries* entries, ResampleMethod::MakePlan make_plan, const ResampleKernel* kernel,
              Status (*pack)(PackedAxis*), int input_size, int output_size, int first, int count,
              const PackedAxis** axis);

  Filter filter_;
  Entries first_;
  Entries second_;
  size_t bytes_ = 0;
};

}  // namespace regcore
