// Nearest: pixels are picked, none is computed.
#pragma once

#include "base/image_view.h"
#include "base/status.h"
#include "resize/picture_plan.h"
#include "resize/result_view.h"

namespace regcore {

// Rows [begin, end) of the result; `picture` has the pixels that the plan wants.
Status PickRows(const PicturePlan& plan, const PixelView& picture, int begin, int end,
                const ResultView& out);

}  // namespace regcore
