// AVX-512: sixteen scores in one register.
#include <immintrin.h>

#include "scores/row_search/kernels.h"
#include "scores/row_search/keys64_avx512-inl.h"
#include "scores/row_search/sorted_lanes_avx512-inl.h"

namespace regcore {
namespace {

constexpr size_t kBlock = 16;

struct Lanes {
  __m512 v;

  static Lanes All(float x) { return {_mm512_set1_ps(x)}; }

  // By halves: of 64-byte loads, those of rows at odd multiples of 32 bytes would each straddle two
  // cache lines, and the processor then reads hardly ahead.
  static Lanes Load(Float32, const uint8_t* p) {
    const float* scores = reinterpret_cast<const float*>(p);
    const __m512 low = _mm512_castps256_ps512(_mm256_loadu_ps(scores));
    return {_mm512_insertf32x8(low, _mm256_loadu_ps(scores + 8), 1)};
  }
  static Lanes Load(Float16, const uint8_t* p) { return {_mm512_cvtph_ps(Load256(p))}; }
  static Lanes Load(Bfloat16, const uint8_t* p) {
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(Load256(p)), 16))};
  }
  static Lanes Load(Int8, const uint8_t* p) {
    return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(Load128(p)))};
  }
  static Lanes Load(Uint8, const uint8_t* p) {
    return {_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(Load128(p)))};
  }

  Lanes LastFirst(size_t n) const {
    const __mmask16 last = static_cast<__mmask16>(0xFFFFu << (kBlock - n));
    return {_mm512_mask_compress_ps(_mm512_set1_ps(__builtin_nanf("")), last, v)};
  }
  // Where one of two operands is NaN, the instruction takes the second.
  Lanes MaxWith(Lanes best) const { return {_mm512_max_ps(v, best.v)}; }
  uint32_t AtLeast(Lanes threshold) const { return _mm512_cmp_ps_mask(v, threshold.v, _CMP_GE_OQ); }
  bool AnyAtLeast(Lanes threshold) const { return AtLeast(threshold) != 0; }
  float KthLargest(size_t k) const { return KthLargestOfOne(v, k); }
  void Store(float* memory) const { _mm512_storeu_ps(memory, v); }

 private:
  static __m256i Load256(const uint8_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static __m128i Load128(const uint8_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
};

class LaneCounts {
 public:
  explicit LaneCounts(float score) : score_(_mm512_set1_ps(score)) {}

  void Add(Lanes lanes) {
    Count(&above_, _mm512_cmp_ps_mask(lanes.v, score_, _CMP_GT_OQ));
    Count(&equal_, _mm512_cmp_ps_mask(lanes.v, score_, _CMP_EQ_OQ));
    Count(&below_, _mm512_cmp_ps_mask(lanes.v, score_, _CMP_LT_OQ));
  }

  Comparison Sum(size_t classes) const {
    const size_t above = Total(above_), equal = Total(equal_);
    return {above, equal, above + equal + Total(below_) != classes};
  }

 private:
  static void Count(__m512i* counts, __mmask16 lanes) {
    *counts = _mm512_mask_add_epi32(*counts, lanes, *counts, _mm512_set1_epi32(1));
  }
  static size_t Total(__m512i counts) {
    return static_cast<size_t>(_mm512_reduce_add_epi32(counts));
  }

  __m512 score_;
  __m512i above_ = _mm512_setzero_si512();
  __m512i equal_ = _mm512_setzero_si512();
  __m512i below_ = _mm512_setzero_si512();
};

}  // namespace
}  // namespace regcore

#include "scores/row_search/codes_avx512-inl.h"
#include "scores/row_search/find_few_x86-inl.h"

namespace regcore {

const ScoreKernels kScoreKernelsAvx512[kScoreTypes] = {OfFloats(OrderFew<KeyOrder64<Float32>>),
                                                       kOfCodes<Float16>, kOfCodes<Bfloat16>,
                                                       kOfCodes<Int8>, kOfCodes<Uint8>};

}  // namespace regcore
