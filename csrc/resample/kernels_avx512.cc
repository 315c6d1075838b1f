// AVX-512 without VNNI or VBMI.
#include "resample/int16_pairs_avx512-inl.h"

namespace regcore {

const ResampleKernel kResampleAvx512 = PairKernel<Avx512>::Make();

}  // namespace regcore
