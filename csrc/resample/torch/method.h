// torch's resize of tensors, as torchvision calls it.
#pragma once

#include "resample/method.h"

namespace regcore {

// Of uint8 tensors, with antialias.
ResampleMethod TorchMethod(Filter filter, SimdLevel level);

// The same without.
ResampleMethod TorchPlainMethod(Filter filter, SimdLevel level);

// Of uint8 tensors that go through float32, with antialias.
ResampleMethod TorchFloatMethod(Filter filter, SimdLevel level);

}  // namespace regcore
