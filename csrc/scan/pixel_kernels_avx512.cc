// AVX-512 F, BW, VL and DQ, which shuffle bytes within 128 bits.
#include "scan/pixels_avx512.h"

namespace regcore {
namespace {

class Interleaver {
 public:
  Interleaver() {
    for (int part = 0; part < 3; ++part) {
      for (int colour = 0; colour < 3; ++colour) {
        alignas(16) int8_t from[16];
        for (int i = 0; i < 16; ++i) {
          const int at = 16 * part + i;
          from[i] = static_cast<int8_t>(at % 3 == colour ? at / 3 : -1);
        }
        spread_[part][colour] =
            _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
      }
    }
  }

  void Store(__m512i red, __m512i green, __m512i blue, uint8_t* rgb) const {
    // 16 pixels in each 128 bits.
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    red = _mm512_permutexvar_epi64(order, red);
    green = _mm512_permutexvar_epi64(order, green);
    blue = _mm512_permutexvar_epi64(order, blue);
    for (int part = 0; part < 3; ++part) {
      const __m512i bytes =
          _mm512_or_si512(_mm512_or_si512(_mm512_shuffle_epi8(red, spread_[part][0]),
                                          _mm512_shuffle_epi8(green, spread_[part][1])),
                          _mm512_shuffle_epi8(blue, spread_[part][2]));
      uint8_t* out = rgb + 16 * part;
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_castsi512_si128(bytes));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 48), _mm512_extracti32x4_epi32(bytes, 1));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 96), _mm512_extracti32x4_epi32(bytes, 2));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 144), _mm512_extracti32x4_epi32(bytes, 3));
    }
  }

 private:
  // Which byte of a colour goes to each of 16 bytes of RGB, of which there are three times 16.
  __m512i spread_[3][3];
};

}  // namespace

const PixelKernels kPixelKernelsAvx512 = kPixelKernels<Interleaver>;

}  // namespace regcore
