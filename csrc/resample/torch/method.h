// torch's antialiased resize of tensors, as torchvision calls it.
#pragma once

#include "resample/method.h"

namespace regcore {

// Of uint8 tensors.
ResampleMethod TorchMethod(Filter filter, SimdLevel level);

// Of uint8 tensors that go through float32.
ResampleMethod TorchFloatMethod(Filter filter, SimdLevel level);

}  // namespace regcore
