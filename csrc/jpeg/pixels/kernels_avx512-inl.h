// The pixel kernels of AVX-512 F, BW, VL and DQ: four blocks, 32 samples or 64 pixels at a time.
#pragma once

#include <immintrin.h>

#include <algorithm>

#include "jpeg/pixels/inverse_dct-inl.h"
#include "jpeg/pixels/kernels.h"
#include "jpeg/pixels/upsample_colour-inl.h"
#include "jpeg/pixels/upsample_rows-inl.h"

namespace regcore {
namespace {  // each file that includes this is compiled for processors of its own

// Two factors, for pairs of 16-bit numbers.
__m512i Factors(int first, int second) {
  return _mm512_set1_epi32(static_cast<int>(static_cast<unsigned>(second) << 16 |
                                            (static_cast<unsigned>(first) & 0xFFFF)));
}

__m512i AddProducts(__m512i sum, __m512i a, __m512i b) {
#if defined(__AVX512VNNI__)
  return _mm512_dpwssd_epi32(sum, a, b);
#else
  return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
#endif
}

struct Lanes {
  using Vector = __m512i;
  static constexpr int kBlocks = 4;
  static constexpr int kSamples = 32;
  struct Wide {
    __m512i low, high;
  };

  static Vector Load(const int16_t* p) { return _mm512_load_si512(p); }
  static void StoreZero(int16_t* p) { _mm512_store_si512(p, _mm512_setzero_si512()); }
  static Vector Row(const int16_t* steps) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(steps)));
  }
  static Wide Broadcast(int value) {
    const __m512i all = _mm512_set1_epi32(value);
    return {all, all};
  }
  static Vector Add(Vector a, Vector b) { return _mm512_add_epi16(a, b); }
  static Vector Subtract(Vector a, Vector b) { return _mm512_sub_epi16(a, b); }
  static Vector Splat(int16_t value) { return _mm512_set1_epi16(value); }
  static Vector LoadSamples(const uint8_t* p) {
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  template <int kBits>
  static Vector ShiftRight(Vector x) {
    return _mm512_srli_epi16(x, kBits);
  }
  static void StorePairs(Vector even, Vector odd, uint8_t* out) {
    _mm512_storeu_si512(out, _mm512_or_si512(even, _mm512_slli_epi16(odd, 8)));
  }
  // The high half of a product of 2 x, rounded at its last bit.
  static Vector TimesRest(Vector x, int16_t k) {
    const Vector twice = _mm512_mulhi_epi16(Add(x, x), Splat(k));
    return _mm512_srai_epi16(Add(twice, Splat(1)), 1);
  }
  static Vector Multiply(Vector a, Vector b) { return _mm512_mullo_epi16(a, b); }
  static Vector Min(Vector a, Vector b) { return _mm512_min_epi16(a, b); }
  static Vector Max(Vector a, Vector b) { return _mm512_max_epi16(a, b); }
  static Wide Add(Wide a, Wide b) {
    return {_mm512_add_epi32(a.low, b.low), _mm512_add_epi32(a.high, b.high)};
  }
  static Wide Subtract(Wide a, Wide b) {
    return {_mm512_sub_epi32(a.low, b.low), _mm512_sub_epi32(a.high, b.high)};
  }
  static Wide Combine(Vector a, Vector b, int ka, int kb) {
    return {_mm512_madd_epi16(_mm512_unpacklo_epi16(a, b), Factors(ka, kb)),
            _mm512_madd_epi16(_mm512_unpackhi_epi16(a, b), Factors(ka, kb))};
  }
  static Wide Combine(Wide sum, Vector a, Vector b, int ka, int kb) {
    return {AddProducts(sum.low, _mm512_unpacklo_epi16(a, b), Factors(ka, kb)),
            AddProducts(sum.high, _mm512_unpackhi_epi16(a, b), Factors(ka, kb))};
  }
  template <int kShift>
  static Vector Narrow(Wide a) {
    return _mm512_packs_epi32(_mm512_srai_epi32(a.low, kShift), _mm512_srai_epi32(a.high, kShift));
  }
  static Wide MagnitudeSum(Wide sum, Vector x, Vector step) {
    return {AddProducts(sum.low, _mm512_abs_epi16(x), step), sum.high};
  }
  static bool OutOfRange(Wide sum, Vector low, Vector high) {
    __m512i total = _mm512_add_epi32(sum.low, _mm512_shuffle_epi32(sum.low, _MM_PERM_BADC));
    total = _mm512_add_epi32(total, _mm512_shuffle_epi32(total, _MM_PERM_CDAB));
    return (_mm512_cmpgt_epi32_mask(total, _mm512_set1_epi32(kMaxCoefficientSum)) |
            _mm512_cmpgt_epi16_mask(_mm512_set1_epi16(-kMaxPixelMagnitude - 1), low) |
            _mm512_cmpgt_epi16_mask(high, _mm512_set1_epi16(kMaxPixelMagnitude))) != 0;
  }
  static void Transpose(Vector (&x)[8]) {
    // Every stage turns the six bits of an element's register and place by one.
    for (int stage = 0; stage < 3; ++stage) {
      __m512i y[8];
      for (int i = 0; i < 4; ++i) {
        y[2 * i] = _mm512_unpacklo_epi16(x[i], x[i + 4]);
        y[2 * i + 1] = _mm512_unpackhi_epi16(x[i], x[i + 4]);
      }
      std::copy(std::begin(y), std::end(y), std::begin(x));
    }
  }
  static void StoreSamples(const Vector (&x)[8], uint8_t* out, ptrdiff_t stride) {
    // Column j in the low half of every 128 bits and j + 4 in the high half, 8 rows each.
    __m512i columns[4];
    for (int j = 0; j < 4; ++j) {
      columns[j] = _mm512_xor_si512(_mm512_packs_epi16(x[j], x[j + 4]), _mm512_set1_epi8(-128));
    }
    const __m512i left01 = _mm512_unpacklo_epi8(columns[0], columns[1]);
    const __m512i left23 = _mm512_unpacklo_epi8(columns[2], columns[3]);
    const __m512i right01 = _mm512_unpackhi_epi8(columns[0], columns[1]);
    const __m512i right23 = _mm512_unpackhi_epi8(columns[2], columns[3]);
    const __m512i left[2] = {_mm512_unpacklo_epi16(left01, left23),
                             _mm512_unpackhi_epi16(left01, left23)};
    const __m512i right[2] = {_mm512_unpacklo_epi16(right01, right23),
                              _mm512_unpackhi_epi16(right01, right23)};
    for (int i = 0; i < 2; ++i) {
      StoreTwoRows(_mm512_unpacklo_epi32(left[i], right[i]), out + 4 * i * stride, stride);
      StoreTwoRows(_mm512_unpackhi_epi32(left[i], right[i]), out + (4 * i + 2) * stride, stride);
    }
  }
  static void StoreTwoRows(__m512i rows, uint8_t* out, ptrdiff_t stride) {
    rows = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), rows);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm512_castsi512_si256(rows));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + stride),
                        _mm512_extracti64x4_epi64(rows, 1));
  }
};

// Packing works on 128 bits: it puts 8 of the first 32 pixels before 8 of the second.
__m512i Pack(__m512i first, __m512i second) { return _mm512_packus_epi16(first, second); }

template <typename Interleaver>
constexpr PixelKernels kPixelKernels = {Lanes::kBlocks,
                                        InverseDctLanes<Lanes>,
                                        UpsampleH2V1Lanes<Lanes>,
                                        UpsampleH2V2Lanes<Lanes>,
                                        UpsampleH1V2,
                                        YccToRgbLanes<Lanes, Interleaver>,
                                        PlanesToRgbLanes<Lanes, Interleaver>,
                                        CmykToRgbLanes<Lanes, Interleaver>,
                                        YcckToRgbLanes<Lanes, Interleaver>};

}  // namespace
}  // namespace regcore
