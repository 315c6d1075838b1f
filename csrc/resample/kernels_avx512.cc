// AVX-512 without VNNI or VBMI.
#include "resample/int16_pairs_avx512-inl.h"

namespace regcore {

const ResampleKernels kResampleAvx512 = PairKernels<Avx512>();

}  // namespace regcore
