// AVX2: two blocks, 16 samples or 32 pixels at a time.
#include <immintrin.h>

#include <algorithm>

#include "scan/colour.h"
#include "scan/inverse_dct_lanes.h"
#include "scan/pixel_kernels.h"

namespace regcore {
namespace {

__m256i LoadSamples(const uint8_t* samples) {  // 16 of them
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(samples)));
}

void Store128(uint8_t* out, __m128i bytes) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
}

struct Lanes {
  using Vector = __m256i;
  static constexpr int kBlocks = 2;
  struct Wide {
    __m256i low, high;
  };

  static Vector Load(const int16_t* p) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  }
  static void StoreZero(int16_t* p) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(p), _mm256_setzero_si256());
  }
  static Vector Row(const int16_t* steps) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(steps)));
  }
  static Wide Broadcast(int value) {
    const __m256i all = _mm256_set1_epi32(value);
    return {all, all};
  }
  static Vector Add(Vector a, Vector b) { return _mm256_add_epi16(a, b); }
  static Vector Multiply(Vector a, Vector b) { return _mm256_mullo_epi16(a, b); }
  static Vector Min(Vector a, Vector b) { return _mm256_min_epi16(a, b); }
  static Vector Max(Vector a, Vector b) { return _mm256_max_epi16(a, b); }
  static Wide Add(Wide a, Wide b) {
    return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
  }
  static Wide Subtract(Wide a, Wide b) {
    return {_mm256_sub_epi32(a.low, b.low), _mm256_sub_epi32(a.high, b.high)};
  }
  static Wide Combine(Vector a, Vector b, int ka, int kb) {
    const __m256i factors = _mm256_set1_epi32(
        static_cast<int>(static_cast<unsigned>(kb) << 16 | (static_cast<unsigned>(ka) & 0xFFFF)));
    return {_mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), factors),
            _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), factors)};
  }
  template <int kShift>
  static Vector Narrow(Wide a) {
    return _mm256_packs_epi32(_mm256_srai_epi32(a.low, kShift), _mm256_srai_epi32(a.high, kShift));
  }
  static Wide MagnitudeSum(Wide sum, Vector x, Vector step) {
    return {_mm256_add_epi32(sum.low, _mm256_madd_epi16(_mm256_abs_epi16(x), step)), sum.high};
  }
  static bool Wild(Wide sum, Vector low, Vector high) {
    __m256i total = _mm256_add_epi32(sum.low, _mm256_shuffle_epi32(sum.low, 0x4E));
    total = _mm256_add_epi32(total, _mm256_shuffle_epi32(total, 0xB1));
    const __m256i over = _mm256_cmpgt_epi32(total, _mm256_set1_epi32(kTameSum));
    const __m256i below = _mm256_cmpgt_epi16(_mm256_set1_epi16(-kTamePixel - 1), low);
    const __m256i above = _mm256_cmpgt_epi16(high, _mm256_set1_epi16(kTamePixel));
    const __m256i wild = _mm256_or_si256(over, _mm256_or_si256(below, above));
    return _mm256_testz_si256(wild, wild) == 0;
  }
  static void Transpose(Vector (&x)[8]) {
    // Every stage turns the six bits of an element's register and place by one.
    for (int stage = 0; stage < 3; ++stage) {
      __m256i y[8];
      for (int i = 0; i < 4; ++i) {
        y[2 * i] = _mm256_unpacklo_epi16(x[i], x[i + 4]);
        y[2 * i + 1] = _mm256_unpackhi_epi16(x[i], x[i + 4]);
      }
      std::copy(std::begin(y), std::end(y), std::begin(x));
    }
  }
  static void StoreSamples(const Vector (&x)[8], uint8_t* out, ptrdiff_t stride) {
    // Column j of the low half and j + 4 of the high half, 8 rows each.
    __m256i columns[4];
    for (int j = 0; j < 4; ++j) {
      columns[j] = _mm256_xor_si256(_mm256_packs_epi16(x[j], x[j + 4]), _mm256_set1_epi8(-128));
    }
    const __m256i left01 = _mm256_unpacklo_epi8(columns[0], columns[1]);
    const __m256i left23 = _mm256_unpacklo_epi8(columns[2], columns[3]);
    const __m256i right01 = _mm256_unpackhi_epi8(columns[0], columns[1]);
    const __m256i right23 = _mm256_unpackhi_epi8(columns[2], columns[3]);
    const __m256i left[2] = {_mm256_unpacklo_epi16(left01, left23),
                             _mm256_unpackhi_epi16(left01, left23)};
    const __m256i right[2] = {_mm256_unpacklo_epi16(right01, right23),
                              _mm256_unpackhi_epi16(right01, right23)};
    for (int i = 0; i < 2; ++i) {
      StoreTwoRows(_mm256_unpacklo_epi32(left[i], right[i]), out + 4 * i * stride, stride);
      StoreTwoRows(_mm256_unpackhi_epi32(left[i], right[i]), out + (4 * i + 2) * stride, stride);
    }
  }
  static void StoreTwoRows(__m256i rows, uint8_t* out, ptrdiff_t stride) {
    rows = _mm256_permute4x64_epi64(rows, 0xD8);
    Store128(out, _mm256_castsi256_si128(rows));
    Store128(out + stride, _mm256_extracti128_si256(rows, 1));
  }
};

// Bytes, of which `even` come first, from numbers below 256.
void StorePairs(uint8_t* out, __m256i even, __m256i odd) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                      _mm256_or_si256(even, _mm256_slli_epi16(odd, 8)));
}

__m256i TimesThree(__m256i x) { return _mm256_add_epi16(x, _mm256_add_epi16(x, x)); }

void UpsampleH2V1(const uint8_t* samples, size_t count, uint8_t* out) {
  const __m256i one = _mm256_set1_epi16(1);
  const __m256i two = _mm256_set1_epi16(2);
  for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(count); i += 16) {
    const __m256i here = TimesThree(LoadSamples(samples + i));
    const __m256i left = _mm256_add_epi16(LoadSamples(samples + i - 1), one);
    const __m256i right = _mm256_add_epi16(LoadSamples(samples + i + 1), two);
    StorePairs(out + 2 * i, _mm256_srli_epi16(_mm256_add_epi16(here, left), 2),
               _mm256_srli_epi16(_mm256_add_epi16(here, right), 2));
  }
}

void UpsampleH2V2(const uint8_t* near, const uint8_t* far, size_t count, uint8_t* out) {
  const auto column = [&](ptrdiff_t i) {
    return _mm256_add_epi16(TimesThree(LoadSamples(near + i)), LoadSamples(far + i));
  };
  const __m256i eight = _mm256_set1_epi16(8);
  const __m256i seven = _mm256_set1_epi16(7);
  for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(count); i += 16) {
    const __m256i here = TimesThree(column(i));
    const __m256i left = _mm256_add_epi16(column(i - 1), eight);
    const __m256i right = _mm256_add_epi16(column(i + 1), seven);
    StorePairs(out + 2 * i, _mm256_srli_epi16(_mm256_add_epi16(here, left), 4),
               _mm256_srli_epi16(_mm256_add_epi16(here, right), 4));
  }
}

struct Rgb {
  __m256i red, green, blue;
};

// (x * k + half) >> 16: the high half of a product of 2 x, rounded at its last bit.
__m256i TimesRest(__m256i x, int16_t k) {
  const __m256i twice = _mm256_mulhi_epi16(_mm256_add_epi16(x, x), _mm256_set1_epi16(k));
  return _mm256_srai_epi16(_mm256_add_epi16(twice, _mm256_set1_epi16(1)), 1);
}

__m256i GreenRest(__m256i blue_red) {  // of pairs of Cb and Cr
  const __m256i factors = _mm256_set1_epi32(static_cast<int>(
      static_cast<unsigned>(kGreenRest) << 16 | (static_cast<unsigned>(-kGreenOfCb) & 0xFFFF)));
  const __m256i sum = _mm256_madd_epi16(blue_red, factors);
  return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << 15)), 16);
}

Rgb Convert(const uint8_t* y, const uint8_t* cb, const uint8_t* cr) {  // 16 pixels
  const __m256i centre = _mm256_set1_epi16(128);
  const __m256i luma = LoadSamples(y);
  const __m256i blue = _mm256_sub_epi16(LoadSamples(cb), centre);
  const __m256i red = _mm256_sub_epi16(LoadSamples(cr), centre);
  const __m256i green = _mm256_packs_epi32(GreenRest(_mm256_unpacklo_epi16(blue, red)),
                                           GreenRest(_mm256_unpackhi_epi16(blue, red)));
  return {
      _mm256_add_epi16(luma, _mm256_add_epi16(red, TimesRest(red, kRedRest))),
      _mm256_add_epi16(luma, _mm256_sub_epi16(green, red)),
      _mm256_add_epi16(luma,
                       _mm256_add_epi16(_mm256_add_epi16(blue, blue), TimesRest(blue, kBlueRest))),
  };
}

// Which byte of a colour goes to each of 16 bytes of RGB, of which this is number `part` of three.
__m256i Spread(int part, int colour) {
  alignas(16) int8_t from[16];
  for (int i = 0; i < 16; ++i) {
    const int at = 16 * part + i;
    from[i] = static_cast<int8_t>(at % 3 == colour ? at / 3 : -1);
  }
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
}

void YccToRgb(const uint8_t* y, const uint8_t* cb, const uint8_t* cr, size_t count, uint8_t* rgb) {
  __m256i spread[3][3];
  for (int part = 0; part < 3; ++part) {
    for (int colour = 0; colour < 3; ++colour) spread[part][colour] = Spread(part, colour);
  }
  for (size_t i = 0; i < count; i += 32) {
    const Rgb first = Convert(y + i, cb + i, cr + i);
    const Rgb second = Convert(y + i + 16, cb + i + 16, cr + i + 16);
    // Packing works on halves; with the quarters in order, a half is 16 pixels.
    const __m256i red = _mm256_permute4x64_epi64(_mm256_packus_epi16(first.red, second.red), 0xD8);
    const __m256i green =
        _mm256_permute4x64_epi64(_mm256_packus_epi16(first.green, second.green), 0xD8);
    const __m256i blue =
        _mm256_permute4x64_epi64(_mm256_packus_epi16(first.blue, second.blue), 0xD8);
    for (int part = 0; part < 3; ++part) {
      const __m256i bytes =
          _mm256_or_si256(_mm256_or_si256(_mm256_shuffle_epi8(red, spread[part][0]),
                                          _mm256_shuffle_epi8(green, spread[part][1])),
                          _mm256_shuffle_epi8(blue, spread[part][2]));
      Store128(rgb + 3 * i + 16 * part, _mm256_castsi256_si128(bytes));
      Store128(rgb + 3 * i + 48 + 16 * part, _mm256_extracti128_si256(bytes, 1));
    }
  }
}

}  // namespace

const PixelKernels kPixelKernelsAvx2 = {2, InverseDctLanes<Lanes>, UpsampleH2V1, UpsampleH2V2,
                                        YccToRgb};

}  // namespace regcore
