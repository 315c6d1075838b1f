// AVX2 with FMA and F16C: eight pixels at a time, by the arithmetic of NormalizeTable.
#include <immintrin.h>

#include "normalize/float_rows-inl.h"
#include "normalize/kernels.h"
#include "normalize/overlapping_steps-inl.h"

namespace regcore {
namespace {

constexpr int kLanes = 8;  // values of a vector

// The first step. The lanes are 0x010101 times a byte.
struct Quotient {
  explicit Quotient(const NormalizeTable&) {}

  __m256 operator()(__m256i lanes) const {
    const __m256 m = _mm256_cvtepi32_ps(lanes);
    return _mm256_fmadd_ps(m, _mm256_set1_ps(0x1p-24f), m);
  }
};

struct Product {
  __m256 factor;

  explicit Product(const NormalizeTable& table) : factor(_mm256_set1_ps(table.factor)) {}

  __m256 operator()(__m256i lanes) const {
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(lanes, 16)), factor);
  }
};

// The formula of one of a step's three vectors: a channel, or a third of the values.
template <typename FirstStep>
struct Formula {
  FirstStep first;
  __m256 mean, high, low;

  static Formula Planar(const NormalizeTable& table, int channel) {
    return {FirstStep(table), _mm256_set1_ps(table.mean[channel]),
            _mm256_set1_ps(table.high[channel]), _mm256_set1_ps(table.low[channel])};
  }

  static Formula Interleaved(const NormalizeTable& table, int third) {
    const int begin = third * kLanes;
    return {FirstStep(table), _mm256_loadu_ps(table.mean + begin),
            _mm256_loadu_ps(table.high + begin), _mm256_loadu_ps(table.low + begin)};
  }

  __m256 operator()(__m256i lanes) const {
    const __m256 x = _mm256_sub_ps(first(lanes), mean);
    return _mm256_fmadd_ps(x, high, _mm256_mul_ps(x, low));
  }
};

// Lane i is 0x010101 times colour `channel` of pixel i of eight.
inline __m256i Channel(const uint8_t* rgb, int channel) {
  const __m256i first = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 0, 0, -1, 3, 3, 3, -1, 6, 6, 6, -1, 9, 9, 9, -1));
  const auto* low = reinterpret_cast<const __m128i*>(rgb);
  const auto* high = reinterpret_cast<const __m128i*>(rgb + 12);  // pixels 4 to 7
  const __m256i pixels = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(low)),
                                                 _mm_loadu_si128(high), 1);
  return _mm256_shuffle_epi8(pixels, _mm256_add_epi8(first, _mm256_set1_epi32(0x010101 * channel)));
}

// Lane i is 0x010101 times value i of the given third of 24.
inline __m256i Third(const uint8_t* rgb, int third) {
  const __m256i spread = _mm256_setr_epi8(0, 0, 0, -1, 1, 1, 1, -1, 2, 2, 2, -1, 3, 3, 3, -1,  //
                                          4, 4, 4, -1, 5, 5, 5, -1, 6, 6, 6, -1, 7, 7, 7, -1);
  const auto* values = reinterpret_cast<const __m128i*>(rgb + kLanes * third);
  return _mm256_shuffle_epi8(_mm256_broadcastq_epi64(_mm_loadl_epi64(values)), spread);
}

struct Single {
  using Value = float;

  explicit Single(const NormalizeTable&) {}

  void Store(float* out, __m256 values) const { _mm256_storeu_ps(out, values); }
};

struct Half {
  using Value = uint16_t;

  explicit Half(const NormalizeTable&) {}

  void Store(uint16_t* out, __m256 values) const {
    constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_cvtps_ph(values, kNearest));
  }
};

inline __m128i LowHalf(__m256i v) { return _mm256_castsi256_si128(v); }
inline __m128i HighHalf(__m256i v) { return _mm256_extracti128_si256(v, 1); }

struct Bfloat16 {
  using Value = uint16_t;

  explicit Bfloat16(const NormalizeTable&) {}

  // To nearest even: by what is added, the half that is cut off carries where it has to.
  void Store(uint16_t* out, __m256 values) const {
    const __m256i bits = _mm256_castps_si256(values);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded =
        _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
    const __m256i words = _mm256_srli_epi32(rounded, 16);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm_packus_epi32(LowHalf(words), HighHalf(words)));
  }
};

struct Quantized {
  using Value = uint8_t;

  __m256i offset;
  __m128i flip;

  explicit Quantized(const NormalizeTable& table)
      : offset(_mm256_set1_epi32(table.quant_offset)),
        flip(_mm_set1_epi8(static_cast<char>(table.quant_flip))) {}

  void Store(uint8_t* out, __m256 values) const {
    const __m256i whole = _mm256_add_epi32(_mm256_cvtps_epi32(values), offset);
    const __m128i words = _mm_packs_epi32(LowHalf(whole), HighHalf(whole));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out),
                     _mm_xor_si128(_mm_packus_epi16(words, words), flip));
  }
};

struct Rows {
  static constexpr int kPixels = 8;  // pixels of a step, which is three vectors in either layout

  template <typename FirstStep>
  using Formula = regcore::Formula<FirstStep>;
  using Quotient = regcore::Quotient;
  using Product = regcore::Product;
  using Single = regcore::Single;
  using Half = regcore::Half;
  using Bfloat16 = regcore::Bfloat16;
  using Quantized = regcore::Quantized;

  template <typename OfChannel, typename Form>
  static void PlanarStep(const uint8_t* rgb, const OfChannel (&channels)[3], const Form& form,
                         int x, typename Form::Value* const out[3]) {
    for (int c = 0; c < 3; ++c) form.Store(out[c] + x, channels[c](Channel(rgb, c)));
  }

  static void PlanarBytes(const uint8_t* rgb, int width, uint8_t* const out[3]) {
    ForEachStep<kPixels>(width, [&](int x) {
      for (int c = 0; c < 3; ++c) {
        const __m256i lanes = _mm256_srli_epi32(Channel(rgb + 3 * x, c), 16);
        const __m128i words = _mm_packus_epi32(LowHalf(lanes), HighHalf(lanes));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out[c] + x), _mm_packus_epi16(words, words));
      }
    });
  }

  template <typename Vector, typename Form>
  static void InterleavedStep(const uint8_t* rgb, const Vector (&thirds)[3], const Form& form,
                              typename Form::Value* out) {
    for (int i = 0; i < 3; ++i) form.Store(out + kLanes * i, thirds[i](Third(rgb, i)));
  }
};

}  // namespace

const NormalizeKernel kNormalizeAvx2 = SteppedRows<Rows>::Make();

const FloatRowKernel kFloatRowsAvx2 = FloatRows<Rows>::Make();

}  // namespace regcore
