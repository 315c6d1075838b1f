// AVX-512 with VBMI: one permutation takes the bytes of a group from where they lie.
#include "resample/opencv/avx512-inl.h"

namespace regcore {
namespace {

struct Avx512Vbmi : Avx512 {
  static constexpr bool kGathers = true;

  // Those of the 64 bytes whose numbers `bytes` has; zero where a number has its highest bit.
  static Vector Gather(const uint8_t* p, Vector bytes) {
    const __mmask64 some = _knot_mask64(_mm512_movepi8_mask(bytes));
    return _mm512_maskz_permutexvar_epi8(some, bytes, _mm512_loadu_si512(p));
  }
};

}  // namespace

const OpencvKernels kOpencvAvx512Vbmi = OpencvVectorKernels<Avx512Vbmi>::Make();

}  // namespace regcore
