// What becomes of every image.
#pragma once

#include <cstdint>

#include "base/image_limits.h"
#include "base/memory_budget.h"
#include "base/simd_level.h"
#include "flavours/flavour.h"
#include "normalize/normalize.h"
#include "resample/axis_plan.h"
#include "resample/crop_geometry.h"

namespace regcore {

// What libjpeg's warnings lead to.
enum class OnWarning {
  kIgnore,
  kReport,  // they are counted
  kFail,    // the image fails
};

struct PreprocessSpec {
  CropRule crop;
  uint8_t fill[3];         // the colour around a picture smaller than the crop
  bool apply_orientation;  // pictures are turned as EXIF says
  Flavour flavour;
  Filter filter;
  PassOrder order;  // of Flavour::kPillow
  ValueFormula formula;
  Channels channels;
  DataType type;
  Layout layout;
  bool full_decode;
  OnWarning on_warning;
  SimdLevel level;
  DecodeLimits limits;
  MemoryBudget* memory;  // shared by all that work by this; null: no bound
};

}  // namespace regcore
