#include "resize/line_source.h"

#include "base/view_tail.h"
#include "resize/reduce.h"
#include "resize/transpose.h"

namespace regcore {
namespace {

Rect Swapped(const Rect& area) { return {area.top, area.left, area.bottom, area.right}; }

}  // namespace

void LineSource::Begin(const PicturePlan& plan, const PixelView& picture, bool readable) {
  plan_ = &plan;
  picture_ = picture;
  readable_ = readable;
}

Status LineSource::Lines(int begin, int end, PixelView* lines) {
  const AxisPlan& along = plan_->along.plan;
  Rect area = {along.input_begin(), begin, along.input_end(), end};
  if (plan_->transposed) area = Swapped(area);
  if (plan_->geometry.reduces()) {
    REGCORE_RETURN_IF_ERROR(Reduced(area, lines));
  } else if (plan_->premultiplies) {
    REGCORE_RETURN_IF_ERROR(Premultiplied(area, lines));
  } else if (plan_->transposed) {
    *lines = picture_;
    lines->data =
        picture_.Row(area.top) + ptrdiff_t{plan_->channels} * (area.left - picture_.area.left);
    lines->area = area;
  } else {
    *lines = picture_;
    if (readable_) return {};
    return CopyTail(TailOf(picture_, area, plan_->channels), plan_->channels, &colours_, lines);
  }
  return plan_->transposed ? Transposed(lines) : Status();
}

// Makes room for the pixels of `area`.
Status LineSource::Reserve(const Rect& area, AlignedBuffer* buffer, PixelView* made) const {
  const size_t row = static_cast<size_t>(plan_->channels) * static_cast<size_t>(area.width());
  REGCORE_RETURN_IF_ERROR(buffer->Reserve(row * static_cast<size_t>(area.height()) + kReadSlack));
  *made = {buffer->data(), static_cast<ptrdiff_t>(row), area};
  return {};
}

Status LineSource::Premultiplied(const Rect& area, PixelView* view) {
  REGCORE_RETURN_IF_ERROR(Reserve(area, &colours_, view));
  const size_t width = static_cast<size_t>(area.width());
  uint8_t* out = colours_.data();
  for (int y = area.top; y < area.bottom; ++y, out += 4 * width) {
    const uint8_t* row = picture_.Row(y) + 4 * ptrdiff_t{area.left - picture_.area.left};
    plan_->pixel_kernel->premultiply(row, width, out);
  }
  return {};
}

Status LineSource::Reduced(const Rect& area, PixelView* view) {
  const ReduceFactors factors = {plan_->geometry.factor_x, plan_->geometry.factor_y};
  const Rect& part = plan_->geometry.reduced;
  PixelView source = picture_;
  if (plan_->premultiplies) {
    REGCORE_RETURN_IF_ERROR(Premultiplied(ReducedFrom(part, factors, area), &source));
  }
  REGCORE_RETURN_IF_ERROR(Reserve(area, &reduced_, view));
  Reduce(*plan_->pixel_kernel, source, plan_->channels, part, factors, area, reduced_.data());
  return {};
}

Status LineSource::Transposed(PixelView* view) {
  const PixelView upright = *view;
  REGCORE_RETURN_IF_ERROR(Reserve(Swapped(upright.area), &turned_, view));
  Transpose(upright, plan_->channels, turned_.data(), view->stride);
  return {};
}

size_t LineSource::HeldBytes() const {
  return colours_.capacity() + reduced_.capacity() + turned_.capacity();
}

void LineSource::Release() {
  colours_.Release();
  reduced_.Release();
  turned_.Release();
}

}  // namespace regcore
