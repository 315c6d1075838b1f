// AVX2: two blocks, 16 samples or 32 pixels at a time.
#include <immintrin.h>

#include <algorithm>

#include "jpeg/pixels/inverse_dct-inl.h"
#include "jpeg/pixels/kernels.h"
#include "jpeg/pixels/upsample_colour-inl.h"
#include "jpeg/pixels/upsample_rows-inl.h"

namespace regcore {
namespace {

void Store128(uint8_t* out, __m128i bytes) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
}

struct Lanes {
  using Vector = __m256i;
  static constexpr int kBlocks = 2;
  static constexpr int kSamples = 16;
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
  static Vector Subtract(Vector a, Vector b) { return _mm256_sub_epi16(a, b); }
  static Vector Splat(int16_t value) { return _mm256_set1_epi16(value); }
  static Vector LoadSamples(const uint8_t* p) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  template <int kBits>
  static Vector ShiftRight(Vector x) {
    return _mm256_srli_epi16(x, kBits);
  }
  static void StorePairs(Vector even, Vector odd, uint8_t* out) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                        _mm256_or_si256(even, _mm256_slli_epi16(odd, 8)));
  }
  // The high half of a product of 2 x, rounded at its last bit.
  static Vector TimesRest(Vector x, int16_t k) {
    const Vector twice = _mm256_mulhi_epi16(Add(x, x), Splat(k));
    return _mm256_srai_epi16(Add(twice, Splat(1)), 1);
  }
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
  static Wide Combine(Wide sum, Vector a, Vector b, int ka, int kb) {
    return Add(Combine(a, b, ka, kb), sum);
  }
  template <int kShift>
  static Vector Narrow(Wide a) {
    return _mm256_packs_epi32(_mm256_srai_epi32(a.low, kShift), _mm256_srai_epi32(a.high, kShift));
  }
  static Wide MagnitudeSum(Wide sum, Vector x, Vector step) {
    return {_mm256_add_epi32(sum.low, _mm256_madd_epi16(_mm256_abs_epi16(x), step)), sum.high};
  }
  static bool OutOfRange(Wide sum, Vector low, Vector high) {
    __m256i total = _mm256_add_epi32(sum.low, _mm256_shuffle_epi32(sum.low, 0x4E));
    total = _mm256_add_epi32(total, _mm256_shuffle_epi32(total, 0xB1));
    const __m256i over = _mm256_cmpgt_epi32(total, _mm256_set1_epi32(kMaxCoefficientSum));
    const __m256i below = _mm256_cmpgt_epi16(_mm256_set1_epi16(-kMaxPixelMagnitude - 1), low);
    const __m256i above = _mm256_cmpgt_epi16(high, _mm256_set1_epi16(kMaxPixelMagnitude));
    const __m256i out_of_range = _mm256_or_si256(over, _mm256_or_si256(below, above));
    return _mm256_testz_si256(out_of_range, out_of_range) == 0;
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

struct Interleaver {
  static void Store(const RgbLanes<Lanes>& first, const RgbLanes<Lanes>& second, uint8_t* rgb) {
    const __m256i colours[3] = {Pack(first.red, second.red), Pack(first.green, second.green),
                                Pack(first.blue, second.blue)};
    for (int part = 0; part < 3; ++part) {
      __m256i bytes = _mm256_setzero_si256();
      for (int colour = 0; colour < 3; ++colour) {
        const auto* from = reinterpret_cast<const __m128i*>(kSpread.from[part][colour]);
        const __m256i spread = _mm256_broadcastsi128_si256(_mm_load_si128(from));
        bytes = _mm256_or_si256(bytes, _mm256_shuffle_epi8(colours[colour], spread));
      }
      Store128(rgb + 16 * part, _mm256_castsi256_si128(bytes));
      Store128(rgb + 48 + 16 * part, _mm256_extracti128_si256(bytes, 1));
    }
  }

 private:
  // Packing works on halves; with the quarters in order, a half is 16 pixels.
  static __m256i Pack(__m256i first, __m256i second) {
    return _mm256_permute4x64_epi64(_mm256_packus_epi16(first, second), 0xD8);
  }
};

}  // namespace

const PixelKernels kPixelKernelsAvx2 = {Lanes::kBlocks,
                                        InverseDctLanes<Lanes>,
                                        UpsampleH2V1Lanes<Lanes>,
                                        UpsampleH2V2Lanes<Lanes>,
                                        UpsampleH1V2,
                                        YccToRgbLanes<Lanes, Interleaver>,
                                        PlanesToRgbLanes<Lanes, Interleaver>,
                                        CmykToRgbLanes<Lanes, Interleaver>,
                                        YcckToRgbLanes<Lanes, Interleaver>};

}  // namespace regcore
