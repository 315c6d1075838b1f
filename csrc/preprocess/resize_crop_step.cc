#include "preprocess/resize_crop_step.h"

#include <cstring>

#include "preprocess/rearrange.h"

namespace regcore {

Rect CropPlan::Wanted() const {
  const AxisPlan& x = (transposed ? second : first)->plan;
  const AxisPlan& y = (transposed ? first : second)->plan;
  return {x.input_begin(), y.input_begin(), x.input_end(), y.input_end()};
}

ResizeCropStep::ResizeCropStep(const PreprocessSpec& spec)
    : crop_(spec.crop),
      fill_{spec.fill[0], spec.fill[1], spec.fill[2]},
      order_(spec.order),
      kernel_(ResampleKernelFor(spec.level)),
      normalizer_(spec.formula, spec.type, spec.layout, spec.channels, crop_.crop_width,
                  crop_.crop_height, spec.level) {}

Status ResizeCropStep::Plan(int width, int height, WorkerState* worker, CropPlan* plan) const {
  PlanCache& plans = worker->plans;
  CropGeometry g{};
  REGCORE_RETURN_IF_ERROR(MakeCropGeometry(width, height, crop_, &g));
  plan->covered = g.covered;
  plan->transposed = VerticalFirst(order_, width, height, g.resized_width, g.resized_height);
  const int left = g.left + g.covered.left;
  const int top = g.top + g.covered.top;
  if (plan->transposed) {
    REGCORE_RETURN_IF_ERROR(
        plans.Horizontal(height, g.resized_height, top, g.covered.height(), &plan->first));
    return plans.Vertical(width, g.resized_width, left, g.covered.width(), &plan->second);
  }
  REGCORE_RETURN_IF_ERROR(
      plans.Horizontal(width, g.resized_width, left, g.covered.width(), &plan->first));
  return plans.Vertical(height, g.resized_height, top, g.covered.height(), &plan->second);
}

size_t ResizeCropStep::HeldBytes(const CropPlan& plan) const {
  const AxisPlan& second = plan.second->plan;
  size_t held = kernel_.intermediate_bytes(second.input_end() - second.input_begin(),
                                           3 * plan.first->plan.count);
  if (NeedsWindow(plan)) held += WindowBytes();
  if (!plan.transposed) return held;
  const Rect wanted = plan.Wanted();
  return held + 3 * static_cast<size_t>(int64_t{wanted.width()} * wanted.height());
}

size_t ResizeCropStep::WindowBytes() const {
  return 3 * static_cast<size_t>(int64_t{crop_.crop_width} * crop_.crop_height) + kReadSlack;
}

bool ResizeCropStep::NeedsWindow(const CropPlan& plan) const {
  return plan.transposed || plan.covered != Rect{0, 0, crop_.crop_width, crop_.crop_height};
}

Status ResizeCropStep::Run(const RgbView& view, const CropPlan& plan, WorkerState* worker,
                           void* slot) const {
  if (NeedsWindow(plan)) return RunThroughWindow(view, plan, worker, slot);
  return Resample(view, plan, worker, [&](int y, uint8_t* rgb) { normalizer_.Row(rgb, y, slot); });
}

// Calls use_row(i, rgb) for every row, or if the plan is transposed every column, of the covered
// part of the crop window.
template <typename UseRow>
Status ResizeCropStep::Resample(const RgbView& view, const CropPlan& plan, WorkerState* worker,
                                const UseRow& use_row) const {
  const AxisPlan& second = plan.second->plan;
  const int columns = 3 * plan.first->plan.count;
  const int rows = second.input_end() - second.input_begin();
  REGCORE_RETURN_IF_ERROR(worker->intermediate.Reserve(kernel_.intermediate_bytes(rows, columns)));
  REGCORE_RETURN_IF_ERROR(worker->row.Reserve(static_cast<size_t>(columns) + 2 * kReadSlack));
  kernel_.horizontal(*plan.first, second.input_begin(), second.input_end(), view,
                     worker->intermediate.data());
  for (int i = 0; i < second.count; ++i) {
    kernel_.vertical(*plan.second, i, worker->intermediate.data(), 0, columns, worker->row.data());
    use_row(i, worker->row.data());
  }
  return {};
}

// The rare cases: a window that is not covered wholly, and the rare order, which is the same passes
// over the transposed image, and the result transposed back.
Status ResizeCropStep::RunThroughWindow(const RgbView& view, const CropPlan& plan,
                                        WorkerState* worker, void* slot) const {
  REGCORE_RETURN_IF_ERROR(FillWindow(plan, &worker->window));
  const size_t stride = 3 * static_cast<size_t>(crop_.crop_width);
  uint8_t* const covered = worker->window.data() + stride * static_cast<size_t>(plan.covered.top) +
                           3 * static_cast<size_t>(plan.covered.left);
  const size_t length = static_cast<size_t>(plan.first->plan.count);
  if (plan.transposed) {
    const Rect wanted = plan.Wanted();
    RgbView turned;
    // The size of the whole picture matters only to orientations that reverse.
    REGCORE_RETURN_IF_ERROR(Turn(view, {wanted.top, wanted.left, wanted.bottom, wanted.right},
                                 kTransposed, 0, 0, &worker->transposed, &turned));
    REGCORE_RETURN_IF_ERROR(Resample(turned, plan, worker, [&](int x, const uint8_t* column) {
      uint8_t* out = covered + 3 * static_cast<size_t>(x);
      for (size_t y = 0; y < length; ++y) std::memcpy(out + stride * y, column + 3 * y, 3);
    }));
  } else {
    REGCORE_RETURN_IF_ERROR(Resample(view, plan, worker, [&](int y, const uint8_t* rgb) {
      std::memcpy(covered + stride * static_cast<size_t>(y), rgb, 3 * length);
    }));
  }
  for (int y = 0; y < crop_.crop_height; ++y) {
    normalizer_.Row(worker->window.data() + stride * static_cast<size_t>(y), y, slot);
  }
  return {};
}

// Makes room for the window, and gives it the colour of the border where it has one.
Status ResizeCropStep::FillWindow(const CropPlan& plan, AlignedBuffer* window) const {
  const size_t pixels =
      static_cast<size_t>(crop_.crop_width) * static_cast<size_t>(crop_.crop_height);
  REGCORE_RETURN_IF_ERROR(window->Reserve(WindowBytes()));
  if (plan.covered == Rect{0, 0, crop_.crop_width, crop_.crop_height}) return {};
  uint8_t* out = window->data();
  for (size_t i = 0; i < pixels; ++i, out += 3) std::memcpy(out, fill_, 3);
  return {};
}

}  // namespace regcore
