// TensorFlow's tf.image.resize.
#pragma once

#include "resample/method.h"

namespace regcore {

ResampleMethod TensorflowMethod(Filter filter, SimdLevel level);
ResampleMethod TensorflowAntialiasMethod(Filter filter, SimdLevel level);

}  // namespace regcore
