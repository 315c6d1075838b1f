#include "flavours/flavour.h"

#include "resample/opencv/method.h"
#include "resample/pick.h"
#include "resample/tensorflow/method.h"
#include "resample/torch/method.h"

namespace regcore {

bool HasFloatRows(Flavour flavour) {
  return flavour == Flavour::kTensorflow || flavour == Flavour::kTensorflowAntialias;
}

bool HasOwnInks(Flavour flavour) { return flavour == Flavour::kOpencv; }

ResampleMethod MethodFor(Flavour flavour, PassOrder order, Filter filter, SimdLevel level,
                         const ResizedSides& sides) {
  switch (flavour) {
    case Flavour::kPillow:
      break;
    case Flavour::kTorch:
      return TorchMethod(filter, level);
    case Flavour::kTorchFloat:
      return TorchFloatMethod(filter, level);
    case Flavour::kTorchPlain:
      return TorchPlainMethod(filter, level);
    case Flavour::kOpencv:
      return OpencvMethod(filter, level, sides);
    case Flavour::kTensorflow:
      return TensorflowMethod(filter, level);
    case Flavour::kTensorflowAntialias:
      return TensorflowAntialiasMethod(filter, level);
  }
  if (filter == Filter::kNearest && level != SimdLevel::kPortable) {
    return {MakeAxisPlan, MakeAxisPlan, &kPick, /*vertical_first=*/false};  // of no consequence
  }
  const bool vertical_first =
      VerticalFirst(order, sides.width, sides.height, sides.resized_width, sides.resized_height);
  return {MakeAxisPlan, MakeAxisPlan, &ResampleKernelFor(level), vertical_first};
}

}  // namespace regcore
