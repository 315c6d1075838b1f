#include "preprocess/resize_crop_step.h"

#include <cstring>
#include <string>

#include "resample/crop_geometry.h"

namespace regcore {
namespace {

// Rows become columns.
Status Transpose(const RgbView& view, const Rect& area, AlignedBuffer* pixels,
                 RgbView* transposed) {
  const size_t row = 3 * static_cast<size_t>(area.height());
  REGCORE_RETURN_IF_ERROR(pixels->Reserve(row * static_cast<size_t>(area.width()) + kReadSlack));
  for (int y = area.top; y < area.bottom; ++y) {
    const uint8_t* source = view.Row(y) + 3 * (area.left - view.area.left);
    uint8_t* column = pixels->data() + 3 * static_cast<size_t>(y - area.top);
    for (int x = 0; x < area.width(); ++x, source += 3, column += row) {
      std::memcpy(column, source, 3);
    }
  }
  *transposed = {pixels->data(), static_cast<ptrdiff_t>(row),
                 Rect{area.top, area.left, area.bottom, area.right}};
  return {};
}

}  // namespace

Rect CropPlan::Wanted() const {
  const AxisPlan& x = (transposed ? second : first)->plan;
  const AxisPlan& y = (transposed ? first : second)->plan;
  return {x.input_begin(), y.input_begin(), x.input_end(), y.input_end()};
}

ResizeCropStep::ResizeCropStep(const PreprocessSpec& spec)
    : resize_(spec.resize),
      crop_(spec.crop),
      order_(spec.order),
      kernel_(ResampleKernelFor(spec.level)),
      normalizer_(spec.mean, spec.std, spec.type, spec.layout, spec.crop, spec.crop, spec.level) {}

Status ResizeCropStep::Plan(int width, int height, WorkerState* worker, CropPlan* plan) const {
  if (!ResizeFits(width, height, resize_)) {
    return {StatusCode::kTooLarge, std::to_string(width) + " x " + std::to_string(height) +
                                       " cannot be resized to a short side of " +
                                       std::to_string(resize_)};
  }
  PlanCache& plans = worker->plans;
  const CropGeometry g = MakeCropGeometry(width, height, resize_, crop_);
  plan->transposed = VerticalFirst(order_, width, height, g.resized_width, g.resized_height);
  if (plan->transposed) {
    REGCORE_RETURN_IF_ERROR(plans.Horizontal(height, g.resized_height, g.top, crop_, &plan->first));
    return plans.Vertical(width, g.resized_width, g.left, crop_, &plan->second);
  }
  REGCORE_RETURN_IF_ERROR(plans.Horizontal(width, g.resized_width, g.left, crop_, &plan->first));
  return plans.Vertical(height, g.resized_height, g.top, crop_, &plan->second);
}

size_t ResizeCropStep::HeldBytes(const CropPlan& plan) const {
  const AxisPlan& second = plan.second->plan;
  const size_t passes =
      kernel_.intermediate_bytes(second.input_end() - second.input_begin(), 3 * crop_);
  if (!plan.transposed) return passes;
  const Rect wanted = plan.Wanted();
  return passes + 3 * static_cast<size_t>(int64_t{wanted.width()} * wanted.height());
}

Status ResizeCropStep::Run(const RgbView& view, const CropPlan& plan, WorkerState* worker,
                           void* slot) const {
  if (plan.transposed) return RunTransposed(view, plan, worker, slot);
  return Resample(view, plan, worker,
                  [&](int y, const uint8_t* rgb) { normalizer_.Row(rgb, y, slot); });
}

// Calls use_row(y, rgb) for every row of the crop window.
template <typename UseRow>
Status ResizeCropStep::Resample(const RgbView& view, const CropPlan& plan, WorkerState* worker,
                                const UseRow& use_row) const {
  const AxisPlan& second = plan.second->plan;
  const int columns = 3 * crop_;
  const int rows = second.input_end() - second.input_begin();
  REGCORE_RETURN_IF_ERROR(worker->intermediate.Reserve(kernel_.intermediate_bytes(rows, columns)));
  REGCORE_RETURN_IF_ERROR(worker->row.Reserve(static_cast<size_t>(columns) + 2 * kReadSlack));
  kernel_.horizontal(*plan.first, second, view, worker->intermediate.data());
  for (int y = 0; y < crop_; ++y) {
    kernel_.vertical(*plan.second, y, worker->intermediate.data(), columns, worker->row.data());
    use_row(y, worker->row.data());
  }
  return {};
}

// The rare order: the same passes over the transposed image, and the result transposed back.
Status ResizeCropStep::RunTransposed(const RgbView& view, const CropPlan& plan, WorkerState* worker,
                                     void* slot) const {
  RgbView turned;
  REGCORE_RETURN_IF_ERROR(Transpose(view, plan.Wanted(), &worker->transposed, &turned));
  const size_t side = static_cast<size_t>(crop_);
  REGCORE_RETURN_IF_ERROR(worker->window.Reserve(3 * side * side + kReadSlack));
  uint8_t* result = worker->window.data();
  REGCORE_RETURN_IF_ERROR(Resample(turned, plan, worker, [&](int x, const uint8_t* column) {
    uint8_t* out = result + 3 * static_cast<size_t>(x);
    for (size_t y = 0; y < side; ++y) std::memcpy(out + 3 * side * y, column + 3 * y, 3);
  }));
  for (int y = 0; y < crop_; ++y) {
    normalizer_.Row(result + 3 * side * static_cast<size_t>(y), y, slot);
  }
  return {};
}

}  // namespace regcore
