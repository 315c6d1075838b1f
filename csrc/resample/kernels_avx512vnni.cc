// AVX-512 with VNNI, without VBMI: a dot product is one instruction.
#include "resample/int16_pairs_avx512-inl.h"

namespace regcore {
namespace {

class Avx512Vnni : public Avx512 {
 public:
  using Avx512::Avx512;

  static Vector Dot(Vector sum, Vector a, Vector b) { return _mm512_dpwssd_epi32(sum, a, b); }
};

}  // namespace

const ResampleKernels kResampleAvx512Vnni = PairKernels<Avx512Vnni>();

}  // namespace regcore
