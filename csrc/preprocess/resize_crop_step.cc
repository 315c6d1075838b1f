#include "preprocess/resize_crop_step.h"

#include <algorithm>
#include <cstring>

#include "base/transpose.h"
#include "preprocess/rearrange.h"

namespace regcore {
namespace {

// Rows of an intermediate image that are held at a time: all, or where it has plain rows, as many
// as a second-level cache has room for, and at least what one output needs.
int HeldRows(const CropPlan& plan) {
  constexpr size_t kBandBytes = size_t{256} << 10;
  const AxisPlan& second = plan.second->plan;
  const int rows = second.input_end() - second.input_begin();
  if (!plan.kernel->plain_rows) return rows;
  const size_t row_bytes =
      plan.kernel->block_bytes(3 * plan.first->plan.count) / kIntermediateBlockRows;
  const int longest = *std::max_element(second.length.begin(), second.length.end());
  return std::min(rows, std::max(longest, static_cast<int>(kBandBytes / row_bytes)));
}

}  // namespace

Rect CropPlan::Wanted() const {
  const AxisPlan& x = (transposed ? second : first)->plan;
  const AxisPlan& y = (transposed ? first : second)->plan;
  return {x.input_begin(), y.input_begin(), x.input_end(), y.input_end()};
}

const uint8_t* CropPlan::ReadRows() const {
  const std::vector<uint8_t>& read = (transposed ? first : second)->read_inputs;
  return read.empty() ? nullptr : read.data();
}

ResizeCropStep::ResizeCropStep(const PreprocessSpec& spec)
    : crop_(spec.crop),
      fill_{spec.fill[0], spec.fill[1], spec.fill[2]},
      flavour_(spec.flavour),
      filter_(spec.filter),
      order_(spec.order),
      level_(spec.level),
      value_bytes_(HasFloatRows(spec.flavour) ? sizeof(float) : 1),
      normalizer_(spec.formula, spec.type, spec.layout, spec.channels, crop_.crop_width,
                  crop_.crop_height, spec.level) {}

Status ResizeCropStep::Plan(int width, int height, WorkerState* worker, CropPlan* plan) const {
  PlanCache& plans = worker->plans;
  CropGeometry g{};
  REGCORE_RETURN_IF_ERROR(MakeCropGeometry(width, height, crop_, &g));
  const ResampleMethod method = MethodFor(flavour_, order_, filter_, level_,
                                          {width, height, g.resized_width, g.resized_height});
  plan->kernel = method.kernel;
  plan->covered = g.covered;
  plan->transposed = method.vertical_first;
  const int left = g.left + g.covered.left;
  const int top = g.top + g.covered.top;
  if (plan->transposed) {
    REGCORE_RETURN_IF_ERROR(
        plans.First(method, height, g.resized_height, top, g.covered.height(), &plan->first));
    return plans.Second(method, width, g.resized_width, left, g.covered.width(), &plan->second);
  }
  REGCORE_RETURN_IF_ERROR(
      plans.First(method, width, g.resized_width, left, g.covered.width(), &plan->first));
  return plans.Second(method, height, g.resized_height, top, g.covered.height(), &plan->second);
}

size_t ResizeCropStep::HeldBytes(const CropPlan& plan) const {
  size_t held = plan.kernel->intermediate_bytes(HeldRows(plan), 3 * plan.first->plan.count);
  if (NeedsWindow(plan)) held += WindowBytes();
  if (!plan.transposed) return held;
  const Rect wanted = plan.Wanted();
  return held + 3 * static_cast<size_t>(int64_t{wanted.width()} * wanted.height());
}

size_t ResizeCropStep::RowBytes() const {
  const size_t intermediate_bytes = flavour_ == Flavour::kPillow ? 1 : sizeof(float);
  return 3 * intermediate_bytes *
         static_cast<size_t>(std::max(crop_.crop_width, crop_.crop_height));
}

size_t ResizeCropStep::WindowBytes() const {
  return pixel_bytes() * static_cast<size_t>(int64_t{crop_.crop_width} * crop_.crop_height) +
         kReadSlack;
}

bool ResizeCropStep::NeedsWindow(const CropPlan& plan) const {
  return plan.transposed || plan.covered != Rect{0, 0, crop_.crop_width, crop_.crop_height};
}

Status ResizeCropStep::Run(const RgbView& view, const CropPlan& plan, WorkerState* worker,
                           void* slot) const {
  if (NeedsWindow(plan)) return RunThroughWindow(view, plan, worker, slot);
  const auto place_of = [&](int y) {
    normalizer_.FetchAhead(y, slot);
    return value_bytes_ == 1 ? normalizer_.PlaceOf(y, slot) : nullptr;
  };
  return Resample(view, plan, worker, place_of,
                  [&](int y, uint8_t* row) { Normalize(row, y, slot); });
}

// Makes every row, or if the plan is transposed every column, of the covered part of the crop
// window: at place_of(i), or where that is null in memory with which it calls use_row(i, row).
template <typename PlaceOf, typename UseRow>
Status ResizeCropStep::Resample(const RgbView& view, const CropPlan& plan, WorkerState* worker,
                                const PlaceOf& place_of, const UseRow& use_row) const {
  const ResampleKernel& kernel = *plan.kernel;
  const AxisPlan& second = plan.second->plan;
  const int columns = 3 * plan.first->plan.count;
  REGCORE_RETURN_IF_ERROR(
      worker->intermediate.Reserve(kernel.intermediate_bytes(HeldRows(plan), columns)));
  REGCORE_RETURN_IF_ERROR(
      worker->row.Reserve(value_bytes_ * static_cast<size_t>(columns) + 2 * kReadSlack));
  // `skipped` rows of the axis' inputs lie before the intermediate image.
  const auto make_row = [&](int i, int skipped) {
    uint8_t* const place = place_of(i);
    uint8_t* const row = place != nullptr ? place : worker->row.data();
    kernel.vertical(*plan.second, i, worker->intermediate.data(), skipped, columns, row);
    if (place == nullptr) use_row(i, row);
  };
  if (kernel.plain_rows) {
    ResampleBands(view, plan, worker, make_row);
    return {};
  }
  kernel.horizontal(*plan.first, second.input_begin(), second.input_end(), view,
                    worker->intermediate.data());
  for (int i = 0; i < second.count; ++i) make_row(i, 0);
  return {};
}

// The same where an intermediate image has plain rows: each output as soon as there is what it
// reads, so that one pass computes while memory is fetched for the other, and without the rows that
// no output reads.
template <typename MakeRow>
void ResizeCropStep::ResampleBands(const RgbView& view, const CropPlan& plan, WorkerState* worker,
                                   const MakeRow& make_row) const {
  const ResampleKernel& kernel = *plan.kernel;
  const AxisPlan& second = plan.second->plan;
  const size_t row_bytes = kernel.block_bytes(3 * plan.first->plan.count) / kIntermediateBlockRows;
  const int held = HeldRows(plan);
  const auto begin_of = [&](int i) { return second.start[static_cast<size_t>(i)]; };
  const auto end_of = [&](int i) { return begin_of(i) + second.length[static_cast<size_t>(i)]; };
  int top = begin_of(0);  // the first row of the intermediate image
  int made = top;         // the row after the last that is there
  for (int i = 0; i < second.count; ++i) {
    if (end_of(i) - top > held) top = made = begin_of(i);
    if (end_of(i) > made) {
      const int begin = std::max(made, begin_of(i));
      const int most = std::min(begin + kIntermediateBlockRows, top + held);
      made = end_of(i);
      for (int next = i + 1; next < second.count && begin_of(next) <= made && made < most; ++next) {
        made = std::max(made, std::min(end_of(next), most));
      }
      kernel.horizontal(*plan.first, begin, made, view,
                        worker->intermediate.data() + row_bytes * static_cast<size_t>(begin - top));
    }
    make_row(i, top - second.input_begin());
  }
}

// The rare cases: a window that is not covered wholly, and the rare order, which is the same passes
// over the transposed image, and the result transposed back.
Status ResizeCropStep::RunThroughWindow(const RgbView& view, const CropPlan& plan,
                                        WorkerState* worker, void* slot) const {
  REGCORE_RETURN_IF_ERROR(FillWindow(plan, &worker->window));
  const size_t pixel = pixel_bytes();
  const size_t stride = pixel * static_cast<size_t>(crop_.crop_width);
  const int length = plan.first->plan.count;
  const auto nowhere = [](int) -> uint8_t* { return nullptr; };
  uint8_t* const covered = worker->window.data() + stride * static_cast<size_t>(plan.covered.top) +
                           pixel * static_cast<size_t>(plan.covered.left);
  if (plan.transposed) {
    const Rect wanted = plan.Wanted();
    RgbView turned;
    // The size of the whole picture matters only to orientations that reverse.
    REGCORE_RETURN_IF_ERROR(Turn(view, {wanted.top, wanted.left, wanted.bottom, wanted.right},
                                 kTransposed, 0, 0, &worker->transposed, &turned));
    REGCORE_RETURN_IF_ERROR(
        Resample(turned, plan, worker, nowhere, [&](int x, const uint8_t* column) {
          uint8_t* const out = covered + pixel * static_cast<size_t>(x);
          if (value_bytes_ == 1) {
            ScatterPixels<3>(column, length, out, static_cast<ptrdiff_t>(stride));
          } else {
            ScatterPixels<3 * sizeof(float)>(column, length, out, static_cast<ptrdiff_t>(stride));
          }
        }));
  } else {
    REGCORE_RETURN_IF_ERROR(Resample(view, plan, worker, nowhere, [&](int y, const uint8_t* row) {
      std::memcpy(covered + stride * static_cast<size_t>(y), row,
                  pixel * static_cast<size_t>(length));
    }));
  }
  for (int y = 0; y < crop_.crop_height; ++y) {
    Normalize(worker->window.data() + stride * static_cast<size_t>(y), y, slot);
  }
  return {};
}

// Makes room for the window, and gives it the colour of the border where it has one.
Status ResizeCropStep::FillWindow(const CropPlan& plan, AlignedBuffer* window) const {
  REGCORE_RETURN_IF_ERROR(window->Reserve(WindowBytes()));
  if (plan.covered == Rect{0, 0, crop_.crop_width, crop_.crop_height}) return {};
  float floats[3];
  std::copy_n(fill_, 3, floats);
  const void* const colour = value_bytes_ == 1 ? static_cast<const void*>(fill_) : floats;
  const size_t pixel = pixel_bytes();
  const size_t stride = pixel * static_cast<size_t>(crop_.crop_width);
  uint8_t* const row = window->data();
  for (size_t x = 0; x < stride; x += pixel) std::memcpy(row + x, colour, pixel);
  for (int y = 1; y < crop_.crop_height; ++y) {
    std::memcpy(row + stride * static_cast<size_t>(y), row, stride);
  }
  return {};
}

// Row `y` of the window, of pixels or of floats, into its place in `slot`.
void ResizeCropStep::Normalize(uint8_t* row, int y, void* slot) const {
  if (value_bytes_ == 1) return normalizer_.Row(row, y, slot);
  normalizer_.FloatRow(reinterpret_cast<float*>(row), y, slot);
}

}  // namespace regcore
