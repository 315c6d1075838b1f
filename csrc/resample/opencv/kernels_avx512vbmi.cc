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

  // In each 64 bits two words of `a` and two of `b`.
  static Vector SixteenthWords(Vector a, Vector b) { return Fields<4, 12, 36, 44>(a, b); }

  static Vector QuarterBytes(Vector a, Vector b) {
    const Vector twos = _mm512_set_epi16(31, 27, 23, 19, 15, 11, 7, 3, 30, 26, 22, 18, 14, 10, 6, 2,
                                         29, 25, 21, 17, 13, 9, 5, 1, 28, 24, 20, 16, 12, 8, 4, 0);
    return _mm512_permutexvar_epi16(twos, Fields<2, 18, 34, 50>(a, b));
  }

 private:
  // The four bytes that begin at these bits of each 64: of `a` in the lower half, and of `b`.
  template <int kA, int kB, int kC, int kD>
  static Vector Fields(Vector a, Vector b) {
    constexpr __mmask64 kUpperHalves = 0xF0F0F0F0F0F0F0F0;
    const Vector bits = _mm512_set1_epi32(kA | kB << 8 | kC << 16 | kD << 24);
    return _mm512_mask_multishift_epi64_epi8(_mm512_multishift_epi64_epi8(bits, a), kUpperHalves,
                                             bits, b);
  }
};

}  // namespace

const OpencvKernels kOpencvAvx512Vbmi = OpencvVectorKernels<Avx512Vbmi>::Make();

}  // namespace regcore
