// AVX2: eight pixels at a time.
#include <immintrin.h>

#include "resize/kernels.h"

namespace regcore {
namespace {

__m256i Load(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
void Store(uint8_t* p, __m256i x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }

// Two pixels in each half, in words: each times its alpha / 255, rounded as Pillow's MULDIV255.
// That of alpha itself is to be 255, which leaves it as it is.
__m256i TimesAlpha(__m256i words) {
  const __m256i alpha_of = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(6, 7, 6, 7, 6, 7, -1, -1, 14, 15, 14, 15, 14, 15, -1, -1));
  const __m256i full = _mm256_set1_epi64x(static_cast<int64_t>(255) << 48);
  const __m256i alpha = _mm256_or_si256(_mm256_shuffle_epi8(words, alpha_of), full);
  const __m256i product =
      _mm256_add_epi16(_mm256_mullo_epi16(words, alpha), _mm256_set1_epi16(128));
  return _mm256_srli_epi16(_mm256_add_epi16(product, _mm256_srli_epi16(product, 8)), 8);
}

void Premultiply(const uint8_t* rgba, size_t pixels, uint8_t* out) {
  const __m256i zero = _mm256_setzero_si256();
  for (; pixels >= 8; pixels -= 8, rgba += 32, out += 32) {
    const __m256i bytes = Load(rgba);
    const __m256i low = TimesAlpha(_mm256_unpacklo_epi8(bytes, zero));
    const __m256i high = TimesAlpha(_mm256_unpackhi_epi8(bytes, zero));
    Store(out, _mm256_packus_epi16(low, high));
  }
  kPixelPortable.premultiply(rgba, pixels, out);
}

// Colours of a channel, in lanes, times 255 / alpha, at most 255. Up to there the quotient in
// floats is nearer to the exact one than that is to any whole number that it is not.
__m256i OverAlpha(__m256i colours, __m256 alpha) {
  const __m256 full = _mm256_set1_ps(255);
  const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(colours), full);
  return _mm256_cvttps_epi32(_mm256_min_ps(_mm256_div_ps(product, alpha), full));
}

void Unpremultiply(const uint8_t* premultiplied, size_t pixels, uint8_t* out) {
  const __m256i byte = _mm256_set1_epi32(255);
  for (; pixels >= 8; pixels -= 8, premultiplied += 32, out += 32) {
    const __m256i rgba = Load(premultiplied);
    const __m256i alpha = _mm256_srli_epi32(rgba, 24);
    const __m256 divisor = _mm256_cvtepi32_ps(alpha);
    __m256i result = _mm256_slli_epi32(alpha, 24);
    result = _mm256_or_si256(result, OverAlpha(_mm256_and_si256(rgba, byte), divisor));
    const __m256i green = _mm256_and_si256(_mm256_srli_epi32(rgba, 8), byte);
    result = _mm256_or_si256(result, _mm256_slli_epi32(OverAlpha(green, divisor), 8));
    const __m256i blue = _mm256_and_si256(_mm256_srli_epi32(rgba, 16), byte);
    result = _mm256_or_si256(result, _mm256_slli_epi32(OverAlpha(blue, divisor), 16));
    const __m256i clear = _mm256_cmpeq_epi32(alpha, _mm256_setzero_si256());
    Store(out, _mm256_blendv_epi8(result, rgba, clear));
  }
  kPixelPortable.unpremultiply(premultiplied, pixels, out);
}

void AddBytes(const uint8_t* bytes, size_t count, uint16_t* sums) {
  for (; count >= 16; count -= 16, bytes += 16, sums += 16) {
    const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
    auto* const sum = reinterpret_cast<__m256i*>(sums);
    _mm256_storeu_si256(sum,
                        _mm256_add_epi16(_mm256_loadu_si256(sum), _mm256_cvtepu8_epi16(sixteen)));
  }
  kPixelPortable.add_bytes(bytes, count, sums);
}

}  // namespace

const PixelKernel kPixelAvx2 = {Premultiply, Unpremultiply, AddBytes};

}  // namespace regcore
