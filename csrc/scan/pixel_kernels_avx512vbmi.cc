// AVX-512 with VBMI, which takes bytes from anywhere in two registers.
#include "scan/pixels_avx512.h"

namespace regcore {
namespace {

class Interleaver {
 public:
  Interleaver() {
    for (int part = 0; part < 3; ++part) {
      alignas(64) uint8_t two[64], three[64];
      for (int i = 0; i < 64; ++i) {
        const int at = 64 * part + i;
        const int from = Packed(at / 3);
        two[i] = static_cast<uint8_t>(at % 3 == 1 ? 64 + from : from);
        three[i] = static_cast<uint8_t>(at % 3 == 2 ? 64 + from : i);
      }
      of_two_[part] = _mm512_load_si512(two);
      of_three_[part] = _mm512_load_si512(three);
    }
  }

  void Store(__m512i red, __m512i green, __m512i blue, uint8_t* rgb) const {
    for (int part = 0; part < 3; ++part) {
      const __m512i two = _mm512_permutex2var_epi8(red, of_two_[part], green);
      _mm512_storeu_si512(rgb + 64 * part, _mm512_permutex2var_epi8(two, of_three_[part], blue));
    }
  }

 private:
  // Where packing has put a pixel.
  static int Packed(int pixel) { return pixel % 32 / 8 * 16 + pixel / 32 * 8 + pixel % 8; }

  // Of each third of the bytes: red and green, with anything in the places of blue; then those, and
  // blue.
  __m512i of_two_[3], of_three_[3];
};

}  // namespace

const PixelKernels kPixelKernelsAvx512Vbmi = kPixelKernels<Interleaver>;

}  // namespace regcore
