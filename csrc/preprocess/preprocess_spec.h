// What becomes of every image.
#pragma once

#include "base/image_limits.h"
#include "base/memory_budget.h"
#include "base/simd_level.h"
#include "normalize/normalize.h"
#include "resample/axis_plan.h"

namespace regcore {

// What libjpeg's warnings lead to.
enum class OnWarning {
  kIgnore,
  kReport,  // they are counted
  kFail,    // the image fails
};

// Needs 1 <= crop <= resize.
struct PreprocessSpec {
  int resize;  // pixels of the short side
  int crop;    // pixels of both sides of the centre crop
  Filter filter;
  PassOrder order;
  float mean[3];
  float std[3];
  DataType type;
  Layout layout;
  bool full_decode;
  OnWarning on_warning;
  SimdLevel level;
  DecodeLimits limits;
  MemoryBudget* memory;  // shared by all that work by this; null: no bound
};

}  // namespace regcore
