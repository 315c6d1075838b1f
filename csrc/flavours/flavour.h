// Whose pixels a resize gives, and by which method.
#pragma once

#include "base/simd_level.h"
#include "resample/axis_plan.h"
#include "resample/method.h"

namespace regcore {

// Whose pixels.
enum class Flavour {
  kPillow,
  kTorch,       // uint8 tensors with antialias, by int16 weights
  kTorchFloat,  // the same in float32, rounded to uint8 at the end
  kTorchPlain,  // uint8 tensors without antialias
  kOpencv,
  kTensorflow,           // tf.image.resize
  kTensorflowAntialias,  // the same with antialias
};

// Whether rows of this flavour are float32, and not rounded to pixels.
bool HasFloatRows(Flavour flavour);

// Of flavours whose decode is the library's own: whether it sees other colours in JPEGs of inks
// (CMYK, YCCK) than Pillow.
bool HasOwnInks(Flavour flavour);

// For pictures of three channels. `order` counts for kPillow alone.
ResampleMethod MethodFor(Flavour flavour, PassOrder order, Filter filter, SimdLevel level,
                         const ResizedSides& sides);

}  // namespace regcore
