#include "resample/plan_cache.h"

#include <utility>

namespace regcore {
namespace {

constexpr size_t kLimit = size_t{6} << 20;  // bytes; about 200 plans of ImageNet sizes

}  // namespace

void PlanCache::Trim() {
  if (bytes_ <= kLimit) return;
  first_.clear();
  second_.clear();
  bytes_ = 0;
}

Status PlanCache::Find(Entries* entries, ResampleMethod::MakePlan make_plan,
                       const ResampleKernel* kernel, Status (*pack)(PackedAxis*), int input_size,
                       int output_size, int first, int count, const PackedAxis** axis) {
  for (size_t i = 0; i < entries->size(); ++i) {
    const Entry& entry = (*entries)[i];
    const AxisPlan& plan = entry.axis->plan;
    if (entry.make_plan == make_plan && entry.kernel == kernel && plan.input_size == input_size &&
        plan.output_size == output_size && plan.first == first && plan.count == count) {
      if (i > 0) std::swap((*entries)[i], (*entries)[i - 1]);  // frequent sizes come to the front
      *axis = (*entries)[i > 0 ? i - 1 : 0].axis.get();
      return {};
    }
  }
  auto made = std::make_unique<PackedAxis>();
  made->plan = make_plan(input_size, output_size, first, count, filter_);
  made->read_inputs = ReadInputs(made->plan);
  REGCORE_RETURN_IF_ERROR(pack(made.get()));
  const AxisPlan& plan = made->plan;
  bytes_ += made->weights.capacity() + made->read_inputs.size() +
            sizeof(float) * plan.float_weights.size() +
            sizeof(int32_t) * (plan.weights.size() + plan.start.size() * 2);
  *axis = made.get();
  entries->push_back({make_plan, kernel, std::move(made)});
  return {};
}

Status PlanCache::First(const ResampleMethod& method, int input_size, int output_size, int first,
                        int count, const PackedAxis** axis) {
  const auto make_plan = method.vertical_first ? method.plan_vertical : method.plan_horizontal;
  return Find(&first_, make_plan, method.kernel, method.kernel->pack_horizontal, input_size,
              output_size, first, count, axis);
}

Status PlanCache::Second(const ResampleMethod& method, int input_size, int output_size, int first,
                         int count, const PackedAxis** axis) {
  const auto make_plan = method.vertical_first ? method.plan_horizontal : method.plan_vertical;
  return Find(&second_, make_plan, method.kernel, method.kernel->pack_vertical, input_size,
              output_size, first, count, axis);
}

}  // namespace regcore
