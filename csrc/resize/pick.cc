#include "resize/pick.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "resample/pick.h"

namespace regcore {
namespace {

bool AllInside(const AxisPlan& plan) {
  return std::find(plan.weights.begin(), plan.weights.end(), 0) == plan.weights.end();
}

}  // namespace

Status PickRows(const PicturePlan& plan, const PixelView& picture, int begin, int end,
                const ResultView& out) {
  const AxisPlan& along = plan.along.plan;
  const AxisPlan& across = plan.across.plan;
  const size_t row_bytes = static_cast<size_t>(plan.channels * plan.line_pixels());
  // The weights of an empty box at the end of an axis are zero, all of them.
  const bool inside = AllInside(along) && AllInside(across);
  std::vector<int32_t> places(along.start.size());
  for (size_t x = 0; x < places.size(); ++x) {
    places[x] = plan.channels * (along.start[x] - picture.area.left);
  }
  const auto pick = plan.channels == 1 ? PickRow<1> : plan.channels == 3 ? PickRow<3> : PickRow<4>;
  for (int y = begin; y < end; ++y) {
    uint8_t* const row = out.data + y * out.stride;
    const int source = across.start[static_cast<size_t>(y)];
    if (!inside) {
      std::memset(row, 0, row_bytes);
    } else if (y > begin && source == across.start[static_cast<size_t>(y) - 1]) {
      std::memcpy(row, row - out.stride, row_bytes);
    } else {
      const bool wide = picture.stride > 0 && source + 1 < picture.area.bottom;
      pick(places.data(), static_cast<int>(places.size()), picture.Row(source), wide, row);
    }
  }
  return {};
}

}  // namespace regcore
