// AVX-512: sixteen pixels at a time, by the arithmetic of NormalizeTable.
#include <immintrin.h>

#include <cstddef>
#include <cstring>

#include "normalize/float_rows-inl.h"
#include "normalize/kernels.h"

namespace regcore {
namespace {

constexpr int kLanes = 16;   // values of a vector
constexpr int kPixels = 16;  // pixels of a step, which is three vectors in either layout

// The first step. The lanes hold a byte u four times.
struct Quotient {
  static constexpr float kBeyond = 0x1p8f;  // 32 bits, where NormalizeTable has 24

  explicit Quotient(const NormalizeTable&) {}

  // The first 32 bits of u / 255, of which the conversion keeps 24 rounded up.
  __m512 operator()(__m512i lanes) const {
    return _mm512_cvt_roundepu32_ps(lanes, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
  }
};

struct Product {
  static constexpr float kBeyond = 1;

  __m512 factor;

  explicit Product(const NormalizeTable& table) : factor(_mm512_set1_ps(table.factor)) {}

  __m512 operator()(__m512i lanes) const {
    return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srli_epi32(lanes, 24)), factor);
  }
};

// The formula of one of a step's three vectors: a channel, or a third of the values.
template <typename FirstStep>
class Formula {
 public:
  static Formula Planar(const NormalizeTable& table, int channel) {
    return {table, _mm512_set1_ps(table.mean[channel]), _mm512_set1_ps(table.high[channel]),
            _mm512_set1_ps(table.low[channel])};
  }

  static Formula Interleaved(const NormalizeTable& table, int third) {
    const int first = third * kLanes;
    return {table, _mm512_loadu_ps(table.mean + first), _mm512_loadu_ps(table.high + first),
            _mm512_loadu_ps(table.low + first)};
  }

  __m512 operator()(__m512i lanes) const {
    const __m512 x = _mm512_sub_ps(first_(lanes), mean_);
    return _mm512_fmadd_ps(x, high_, _mm512_mul_ps(x, low_));
  }

 private:
  Formula(const NormalizeTable& table, __m512 mean, __m512 high, __m512 low)
      : first_(table),
        mean_(_mm512_mul_ps(mean, _mm512_set1_ps(FirstStep::kBeyond))),
        high_(_mm512_div_ps(high, _mm512_set1_ps(FirstStep::kBeyond))),
        low_(_mm512_div_ps(low, _mm512_set1_ps(FirstStep::kBeyond))) {}

  FirstStep first_;
  __m512 mean_, high_, low_;
};

// Sixteen pixels, four to a quarter.
inline __m512i Pixels(const uint8_t* rgb) {
  const __m512i quarters = _mm512_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12);
  return _mm512_permutexvar_epi32(quarters, _mm512_loadu_si512(rgb));
}

// Lane i is four times colour `channel` of pixel i.
inline __m512i Channel(__m512i pixels, int channel) {
  const __m512i first =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 0, 0, 3, 3, 3, 3, 6, 6, 6, 6, 9, 9, 9, 9));
  const char offset = static_cast<char>(channel);
  return _mm512_shuffle_epi8(pixels, _mm512_add_epi8(first, _mm512_set1_epi8(offset)));
}

// Lane i is four times value i of sixteen.
inline __m512i Values(const uint8_t* rgb) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i spread = _mm512_mullo_epi32(lane, _mm512_set1_epi32(0x01010101));
  const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rgb));
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(values), spread);
}

inline __mmask16 Lanes(int count) {
  return static_cast<__mmask16>(count >= kLanes ? 0xFFFF : (1 << (count < 0 ? 0 : count)) - 1);
}

// What becomes of the values: forms of a result. Of `count` values no more than a vector's are
// stored.
struct Single {
  using Value = float;

  explicit Single(const NormalizeTable&) {}

  void Store(float* out, int count, __m512 values) const {
    if (count >= kLanes) return _mm512_storeu_ps(out, values);
    _mm512_mask_storeu_ps(out, Lanes(count), values);
  }
};

inline void StoreWords(uint16_t* out, int count, __m256i words) {
  if (count >= kLanes) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), words);
  _mm256_mask_storeu_epi16(out, Lanes(count), words);
}

struct Half {
  using Value = uint16_t;

  explicit Half(const NormalizeTable&) {}

  void Store(uint16_t* out, int count, __m512 values) const {
    constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    StoreWords(out, count, _mm512_cvtps_ph(values, kNearest));
  }
};

struct Bfloat16 {
  using Value = uint16_t;

  explicit Bfloat16(const NormalizeTable&) {}

  // To nearest even: by what is added, the half that is cut off carries where it has to.
  void Store(uint16_t* out, int count, __m512 values) const {
    const __m512i bits = _mm512_castps_si512(values);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded =
        _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
    StoreWords(out, count, _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
  }
};

struct Quantized {
  using Value = uint8_t;

  __m512i offset;
  __m128i flip;

  explicit Quantized(const NormalizeTable& table)
      : offset(_mm512_set1_epi32(table.quant_offset)),
        flip(_mm_set1_epi8(static_cast<char>(table.quant_flip))) {}

  void Store(uint8_t* out, int count, __m512 values) const {
    const __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(values), offset);
    const __m512i positive = _mm512_max_epi32(whole, _mm512_setzero_si512());
    const __m128i bytes = _mm_xor_si128(_mm512_cvtusepi32_epi8(positive), flip);
    if (count >= kLanes) return _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    _mm_mask_storeu_epi8(out, Lanes(count), bytes);
  }
};

template <typename FirstStep, typename Form>
void PlanarBy(const uint8_t* rgb, int width, const NormalizeTable& table,
              typename Form::Value* const out[3]) {
  using Channels = Formula<FirstStep>;
  const Channels formula[3] = {Channels::Planar(table, 0), Channels::Planar(table, 1),
                               Channels::Planar(table, 2)};
  const Form form(table);
  for (int x = 0; x < width; x += kPixels) {
    const __m512i pixels = Pixels(rgb + 3 * x);
    for (int c = 0; c < 3; ++c) form.Store(out[c] + x, width - x, formula[c](Channel(pixels, c)));
  }
}

template <typename Form>
void Planar(const uint8_t* rgb, int width, const NormalizeTable& table,
            typename Form::Value* const out[3]) {
  if (table.is_product) return PlanarBy<Product, Form>(rgb, width, table, out);
  PlanarBy<Quotient, Form>(rgb, width, table, out);
}

template <typename FirstStep, typename Form>
void InterleavedBy(const uint8_t* rgb, int width, const NormalizeTable& table,
                   typename Form::Value* out) {
  using Thirds = Formula<FirstStep>;
  const Thirds formula[3] = {Thirds::Interleaved(table, 0), Thirds::Interleaved(table, 1),
                             Thirds::Interleaved(table, 2)};
  const Form form(table);
  const int values = 3 * width;
  for (int i = 0; i < values; i += 3 * kLanes) {
    for (int third = 0; third < 3; ++third) {
      const int place = i + third * kLanes;
      form.Store(out + place, values - place, formula[third](Values(rgb + place)));
    }
  }
}

template <typename Form>
void Interleaved(const uint8_t* rgb, int width, const NormalizeTable& table,
                 typename Form::Value* out) {
  if (table.is_product) return InterleavedBy<Product, Form>(rgb, width, table, out);
  InterleavedBy<Quotient, Form>(rgb, width, table, out);
}

void PlanarBytes(const uint8_t* rgb, int width, const NormalizeTable&, uint8_t* const out[3]) {
  for (int x = 0; x < width; x += kPixels) {
    const __m512i pixels = Pixels(rgb + 3 * x);
    for (int c = 0; c < 3; ++c) {
      const __m128i bytes = _mm512_cvtepi32_epi8(Channel(pixels, c));
      _mm_mask_storeu_epi8(out[c] + x, Lanes(width - x), bytes);
    }
  }
}

void InterleavedBytes(const uint8_t* rgb, int width, const NormalizeTable&, uint8_t* out) {
  std::memcpy(out, rgb, 3 * static_cast<size_t>(width));
}

struct Avx512 {};

}  // namespace

const NormalizeKernel kNormalizeAvx512 = {
    Planar<Single>,    Planar<Half>,          Planar<Bfloat16>,
    Planar<Quantized>, PlanarBytes,           Interleaved<Single>,
    Interleaved<Half>, Interleaved<Bfloat16>, Interleaved<Quantized>,
    InterleavedBytes};

const FloatRowKernel kFloatRowsAvx512 = FloatRows<Avx512>::Make();

}  // namespace regcore
