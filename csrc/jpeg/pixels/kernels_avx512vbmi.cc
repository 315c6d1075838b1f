// AVX-512 with VBMI, which takes bytes from anywhere in two registers.
#include "jpeg/pixels/kernels_avx512-inl.h"

namespace regcore {
namespace {

// Where the bytes of each third of 64 pixels of RGB come from: of red and green, with anything in
// the places of blue; then of those, and blue.
struct Sources {
  alignas(64) uint8_t of_two[3][64];
  alignas(64) uint8_t of_three[3][64];
};

// Where Pack has put a pixel.
constexpr int Packed(int pixel) { return pixel % 32 / 8 * 16 + pixel / 32 * 8 + pixel % 8; }

constexpr Sources MakeSources() {
  Sources sources{};
  for (int part = 0; part < 3; ++part) {
    for (int i = 0; i < 64; ++i) {
      const int at = 64 * part + i;
      const int from = Packed(at / 3);
      sources.of_two[part][i] = static_cast<uint8_t>(at % 3 == 1 ? 64 + from : from);
      sources.of_three[part][i] = static_cast<uint8_t>(at % 3 == 2 ? 64 + from : i);
    }
  }
  return sources;
}

constexpr Sources kSources = MakeSources();

struct Interleaver {
  static void Store(const RgbLanes<Lanes>& first, const RgbLanes<Lanes>& second, uint8_t* rgb) {
    const __m512i red = Pack(first.red, second.red);
    const __m512i green = Pack(first.green, second.green);
    const __m512i blue = Pack(first.blue, second.blue);
    for (int part = 0; part < 3; ++part) {
      const __m512i two =
          _mm512_permutex2var_epi8(red, _mm512_load_si512(kSources.of_two[part]), green);
      const __m512i three =
          _mm512_permutex2var_epi8(two, _mm512_load_si512(kSources.of_three[part]), blue);
      _mm512_storeu_si512(rgb + 64 * part, three);
    }
  }
};

}  // namespace

const PixelKernels kPixelKernelsAvx512Vbmi = kPixelKernels<Interleaver>;

}  // namespace regcore
