// AVX2 with F16C: sixteen scores in two registers.
#include <immintrin.h>

#include "scores/row_search/kernels.h"
#include "scores/row_search/sorted_lanes_avx2-inl.h"

namespace regcore {
namespace {

constexpr size_t kBlock = 16;

struct Lanes {
  __m256 low, high;

  static Lanes All(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }

  static Lanes Load(Float32, const uint8_t* p) {
    const float* scores = reinterpret_cast<const float*>(p);
    return {_mm256_loadu_ps(scores), _mm256_loadu_ps(scores + 8)};
  }
  static Lanes Load(Float16, const uint8_t* p) {
    return {_mm256_cvtph_ps(Load128(p)), _mm256_cvtph_ps(Load128(p + 16))};
  }
  static Lanes Load(Bfloat16, const uint8_t* p) {
    const auto widen = [](__m128i stored) {
      return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(stored), 16));
    };
    return {widen(Load128(p)), widen(Load128(p + 16))};
  }
  static Lanes Load(Int8, const uint8_t* p) {
    const __m128i stored = Load128(p);
    return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(stored)),
            _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(stored, 8)))};
  }
  static Lanes Load(Uint8, const uint8_t* p) {
    const __m128i stored = Load128(p);
    return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(stored)),
            _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(stored, 8)))};
  }

  Lanes LastFirst(size_t n) const {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const auto from = [&](size_t first) {  // NaN past the end
      const __m256i source = _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(first)), lane);
      const auto below = [&](int limit) {
        return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(limit), source));
      };
      const __m256 of_low = _mm256_permutevar8x32_ps(low, source);
      const __m256 of_high = _mm256_permutevar8x32_ps(high, source);
      const __m256 nan = _mm256_set1_ps(__builtin_nanf(""));
      return _mm256_blendv_ps(nan, _mm256_blendv_ps(of_high, of_low, below(8)), below(16));
    };
    return {from(kBlock - n), from(kBlock - n + 8)};
  }
  // Where one of two operands is NaN, the instruction takes the second.
  Lanes MaxWith(Lanes best) const {
    return {_mm256_max_ps(low, best.low), _mm256_max_ps(high, best.high)};
  }
  uint32_t AtLeast(Lanes threshold) const {
    const auto mask = [](__m256 v, __m256 least) {
      return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(v, least, _CMP_GE_OQ)));
    };
    return mask(low, threshold.low) | mask(high, threshold.high) << 8;
  }
  bool AnyAtLeast(Lanes threshold) const {
    const __m256 larger = _mm256_max_ps(low, high);
    return _mm256_movemask_ps(_mm256_cmp_ps(larger, threshold.low, _CMP_GE_OQ)) != 0;
  }
  float KthLargest(size_t k) const { return KthFromEnd(SortedFloats(low, high), k); }
  // A lane that holds is all ones, which is -1.
  static __m256i Count(__m256i counts, __m256 lanes) {
    return _mm256_sub_epi32(counts, _mm256_castps_si256(lanes));
  }
  void Store(float* memory) const {
    _mm256_storeu_ps(memory, low);
    _mm256_storeu_ps(memory + 8, high);
  }

 private:
  static __m128i Load128(const uint8_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
};

class LaneCounts {
 public:
  explicit LaneCounts(float score) : score_(_mm256_set1_ps(score)) {}

  void Add(Lanes lanes) {
    for (__m256 v : {lanes.low, lanes.high}) {
      above_ = Lanes::Count(above_, _mm256_cmp_ps(v, score_, _CMP_GT_OQ));
      equal_ = Lanes::Count(equal_, _mm256_cmp_ps(v, score_, _CMP_EQ_OQ));
      below_ = Lanes::Count(below_, _mm256_cmp_ps(v, score_, _CMP_LT_OQ));
    }
  }

  Comparison Sum(size_t classes) const {
    const size_t above = Total(above_), equal = Total(equal_);
    return {above, equal, above + equal + Total(below_) != classes};
  }

 private:
  static size_t Total(__m256i counts) {
    uint32_t lanes[8];
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), counts);
    size_t total = 0;
    for (uint32_t lane : lanes) total += lane;
    return total;
  }

  __m256 score_;
  __m256i above_ = _mm256_setzero_si256();
  __m256i equal_ = _mm256_setzero_si256();
  __m256i below_ = _mm256_setzero_si256();
};

}  // namespace
}  // namespace regcore

#include "scores/row_search/codes_avx2-inl.h"
#include "scores/row_search/find_few_x86-inl.h"
#include "scores/row_search/keys64_avx2-inl.h"

namespace regcore {

const ScoreKernels kScoreKernelsAvx2[kScoreTypes] = {OfFloats(OrderFewByCounting<Float32>),
                                                     kOfCodes<Float16>, kOfCodes<Bfloat16>,
                                                     kOfCodes<Int8>, kOfCodes<Uint8>};

}  // namespace regcore
