#include "resample/plan_cache.h"

#include <utility>

namespace regcore {
namespace {

constexpr size_t kLimit = size_t{6} << 20;  // bytes; about 200 plans of ImageNet sizes

}  // namespace

void PlanCache::Trim() {
  if (bytes_ <= kLimit) return;
  horizontal_.clear();
  vertical_.clear();
  bytes_ = 0;
}

Status PlanCache::Find(Axes* axes, Status (*pack)(PackedAxis*), int input_size, int output_size,
                       int first, int count, const PackedAxis** axis) {
  for (size_t i = 0; i < axes->size(); ++i) {
    const AxisPlan& plan = (*axes)[i]->plan;
    if (plan.input_size == input_size && plan.output_size == output_size && plan.first == first &&
        plan.count == count) {
      if (i > 0) std::swap((*axes)[i], (*axes)[i - 1]);  // frequent sizes wander to the front
      *axis = (*axes)[i > 0 ? i - 1 : 0].get();
      return {};
    }
  }
  auto made = std::make_unique<PackedAxis>();
  made->plan = MakeAxisPlan(input_size, output_size, first, count, filter_);
  REGCORE_RETURN_IF_ERROR(pack(made.get()));
  bytes_ += made->weights.capacity() +
            sizeof(int32_t) * (made->plan.weights.size() + made->plan.start.size() * 2);
  *axis = made.get();
  axes->push_back(std::move(made));
  return {};
}

Status PlanCache::Horizontal(int input_size, int output_size, int first, int count,
                             const PackedAxis** axis) {
  return Find(&horizontal_, kernel_.pack_horizontal, input_size, output_size, first, count, axis);
}

Status PlanCache::Vertical(int input_size, int output_size, int first, int count,
                           const PackedAxis** axis) {
  return Find(&vertical_, kernel_.pack_vertical, input_size, output_size, first, count, axis);
}

}  // namespace regcore
