#include "resize/picture_plan.h"

#include <cmath>
#include <utility>

#include "resize/reduce.h"

namespace regcore {

Rect PicturePlan::Wanted() const {
  if (geometry.copies) return geometry.reduced;
  const AxisPlan& x = (transposed ? across : along).plan;
  const AxisPlan& y = (transposed ? along : across).plan;
  const Rect wanted = {x.input_begin(), y.input_begin(), x.input_end(), y.input_end()};
  if (!geometry.reduces()) return wanted;
  return ReducedFrom(geometry.reduced, {geometry.factor_x, geometry.factor_y}, wanted);
}

namespace {

// One axis of what the passes take, and of the result.
struct Axis {
  int input;
  AxisBox box;
  int output;

  bool IsWhole() const {
    return input == output && box.begin == 0 && box.end == static_cast<float>(output);
  }
  bool IsCut() const {
    return box.begin == std::floor(box.begin) && box.end - box.begin == static_cast<float>(output);
  }

  AxisPlan Plan(Filter filter) const { return MakeAxisPlan(input, box, output, 0, output, filter); }
};

}  // namespace

Status MakePicturePlan(int width, int height, int channels, const ResizeRequest& request,
                       SimdLevel level, PicturePlan* plan) {
  PicturePlan& p = *plan;
  const bool has_alpha = channels == 4;
  p.channels = channels;
  p.request = request;
  REGCORE_RETURN_IF_ERROR(MakeResizeGeometry(width, height, has_alpha, request, &p.geometry));
  if (p.geometry.copies) return {};
  const ResizeGeometry& g = p.geometry;
  p.nearest = request.filter == Filter::kNearest;
  p.premultiplies = has_alpha && !p.nearest;
  p.kernel = &ResampleKernelFor(level, channels);
  p.pixel_kernel = &PixelKernelFor(level);
  p.transposed =
      !p.nearest && VerticalFirst(request.order, g.width, g.height, request.width, request.height);
  // Pillow leaves out a pass over an axis that stays as it is, and both where whole pixels are cut
  // out. For most filters that makes no difference, but Magic Kernel Sharp would sharpen.
  const Axis x = {g.width, {g.box[0], g.box[2]}, request.width};
  const Axis y = {g.height, {g.box[1], g.box[3]}, request.height};
  const bool is_cut = x.IsCut() && y.IsCut();
  AxisPlan plan_x = x.Plan(is_cut || x.IsWhole() ? Filter::kNearest : request.filter);
  AxisPlan plan_y = y.Plan(is_cut || y.IsWhole() ? Filter::kNearest : request.filter);
  p.along.channels = p.across.channels = channels;
  p.along.plan = std::move(p.transposed ? plan_y : plan_x);
  p.across.plan = std::move(p.transposed ? plan_x : plan_y);
  if (p.nearest) return {};
  REGCORE_RETURN_IF_ERROR(p.kernel->pack_horizontal(&p.along));
  return p.kernel->pack_vertical(&p.across);
}

}  // namespace regcore
