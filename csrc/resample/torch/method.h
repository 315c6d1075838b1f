// torch's antialiased resize of tensors, as torchvision calls it.
#pragma once

#include "resample/method.h"

namespace regcore {

ResampleMethod TorchMethod(Filter filter, SimdLevel level);
ResampleMethod TorchFloatMethod(Filter filter, SimdLevel level);

}  // namespace regcore
