// AVX-512 without VNNI or VBMI.
#include "resample/pair_avx512.h"

namespace regcore {

const ResampleKernel kResampleAvx512 = PairKernel<Avx512>::Make();

}  // namespace regcore
