// Built without floating-point contraction (see CMakeLists.txt): the ratios round as in Python.
#include "resize/resize_geometry.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace regcore {
namespace {

// Up to here every number of weights, of any filter, is an int.
constexpr int kMaxSide = 1 << 27;

// Python's int(side / size / gap) or 1, which is at most the side.
int ReduceFactor(double side, int size, double gap, int limit) {
  const double factor = side / size / gap;
  return std::clamp(static_cast<int>(std::min(factor, static_cast<double>(limit))), 1, limit);
}

// _get_safe_box: what the passes may read around the box.
Rect SafeBox(int width, int height, const double box[4], const ResizeRequest& request) {
  const double reach = FilterSupport(request.filter) - 0.5;
  const double x = reach * ((box[2] - box[0]) / request.width);
  const double y = reach * ((box[3] - box[1]) / request.height);
  const auto within = [](double place, int side) {
    return static_cast<int>(std::clamp(place, 0.0, static_cast<double>(side)));
  };
  return {within(box[0] - x, width), within(box[1] - y, height),
          within(std::ceil(box[2] + x), width), within(std::ceil(box[3] + y), height)};
}

Status CheckBox(int width, int height, const float box[4]) {
  if (box[2] <= static_cast<float>(width) && box[3] <= static_cast<float>(height)) return {};
  return {StatusCode::kTooSmall,
          std::to_string(width) + " x " + std::to_string(height) + " pixels are less than the box"};
}

}  // namespace

Status MakeResizeGeometry(int width, int height, bool has_alpha, const ResizeRequest& request,
                          ResizeGeometry* geometry) {
  ResizeGeometry& g = *geometry;
  g = {};
  if (width > kMaxSide || height > kMaxSide) {
    return {StatusCode::kTooLarge, std::to_string(width) + " x " + std::to_string(height) +
                                       " pixels: a side is longer than " +
                                       std::to_string(kMaxSide)};
  }
  double box[4] = {0, 0, static_cast<double>(width), static_cast<double>(height)};
  if (request.has_box) std::copy_n(request.box, 4, box);
  const bool is_whole = box[0] == 0 && box[1] == 0 && box[2] == width && box[3] == height;
  g.copies = is_whole && request.width == width && request.height == height;
  g.reduced = {0, 0, width, height};
  // Before version 13 Pillow forgets the gap on its way to premultiplied colours.
  const bool may_reduce = request.reducing_gap > 0 && request.filter != Filter::kNearest &&
                          !(has_alpha && request.order == PassOrder::kPillow9);
  if (may_reduce && !g.copies) {
    g.factor_x = ReduceFactor(box[2] - box[0], request.width, request.reducing_gap, width);
    g.factor_y = ReduceFactor(box[3] - box[1], request.height, request.reducing_gap, height);
  }
  if (g.reduces()) {
    g.reduced = SafeBox(width, height, box, request);
    if (g.reduced.width() <= 0 || g.reduced.height() <= 0) {
      return {StatusCode::kTooSmall, "the box is empty"};
    }
    box[0] = (box[0] - g.reduced.left) / g.factor_x;
    box[1] = (box[1] - g.reduced.top) / g.factor_y;
    box[2] = (box[2] - g.reduced.left) / g.factor_x;
    box[3] = (box[3] - g.reduced.top) / g.factor_y;
  }
  g.width = (g.reduced.width() - 1) / g.factor_x + 1;
  g.height = (g.reduced.height() - 1) / g.factor_y + 1;
  for (int i = 0; i < 4; ++i) g.box[i] = static_cast<float>(box[i]);
  return CheckBox(g.width, g.height, g.box);
}

}  // namespace regcore
