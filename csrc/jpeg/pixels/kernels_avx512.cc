// AVX-512 F, BW, VL and DQ, which shuffle bytes within 128 bits.
#include "jpeg/pixels/kernels_avx512-inl.h"

namespace regcore {
namespace {

struct Interleaver {
  static void Store(const RgbLanes<Lanes>& first, const RgbLanes<Lanes>& second, uint8_t* rgb) {
    const __m512i colours[3] = {InOrder(Pack(first.red, second.red)),
                                InOrder(Pack(first.green, second.green)),
                                InOrder(Pack(first.blue, second.blue))};
    for (int part = 0; part < 3; ++part) {
      __m512i bytes = _mm512_setzero_si512();
      for (int colour = 0; colour < 3; ++colour) {
        const auto* from = reinterpret_cast<const __m128i*>(kSpread.from[part][colour]);
        const __m512i spread = _mm512_broadcast_i32x4(_mm_load_si128(from));
        bytes = _mm512_or_si512(bytes, _mm512_shuffle_epi8(colours[colour], spread));
      }
      auto* out = reinterpret_cast<__m128i*>(rgb) + part;
      _mm_storeu_si128(out, _mm512_castsi512_si128(bytes));
      _mm_storeu_si128(out + 3, _mm512_extracti32x4_epi32(bytes, 1));
      _mm_storeu_si128(out + 6, _mm512_extracti32x4_epi32(bytes, 2));
      _mm_storeu_si128(out + 9, _mm512_extracti32x4_epi32(bytes, 3));
    }
  }

 private:
  // Then each 128 bits are 16 pixels.
  static __m512i InOrder(__m512i packed) {
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), packed);
  }
};

}  // namespace

const PixelKernels kPixelKernelsAvx512 = kPixelKernels<Interleaver>;

}  // namespace regcore
