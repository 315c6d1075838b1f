// AVX-512 without VBMI.
#include "resample/opencv/avx512-inl.h"

namespace regcore {

const OpencvKernels kOpencvAvx512 = OpencvVectorKernels<Avx512>::Make();

}  // namespace regcore
