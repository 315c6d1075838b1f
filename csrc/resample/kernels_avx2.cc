// AVX2: eight columns at a time.
#include "resample/int16_pairs-inl.h"
#include "resample/int16_quarters_avx2-inl.h"

namespace regcore {
namespace {

// One group of columns: where its two quarters read, and which bytes.
class Avx2 {
 public:
  using Vector = __m256i;
  static constexpr int kLanes = 8;
  static constexpr bool kGathers = false;
  static constexpr size_t kFixedVectors = 1;

  Avx2(ptrdiff_t channels, const int32_t* starts, const uint8_t* fixed)
      : first_(channels * starts[0]), second_(channels * starts[1]), bytes_(Load(fixed)) {}

  Vector Taps(const uint8_t* row) const {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + first_));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + second_));
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    return _mm256_shuffle_epi8(both, bytes_);
  }

  static Vector Broadcast(int32_t x) { return _mm256_set1_epi32(x); }
  static Vector Load(const uint8_t* p) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  }
  static void Store(uint8_t* p, Vector x) { _mm256_store_si256(reinterpret_cast<__m256i*>(p), x); }
  static void StoreUnaligned(uint8_t* p, Vector x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x);
  }
  static Vector Add(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  static Vector Dot(Vector sum, Vector a, Vector b) { return Add(sum, _mm256_madd_epi16(a, b)); }
  template <int kBits>
  static Vector ShiftLeft(Vector x) {
    return _mm256_slli_epi32(x, kBits);
  }
  template <int kBits>
  static Vector ShiftRight(Vector x) {
    return _mm256_srai_epi32(x, kBits);
  }
  static Vector ShiftLeftBy(Vector x, Vector bits) { return _mm256_sllv_epi32(x, bits); }
  static Vector ShiftRightBy(Vector x, Vector bits) { return _mm256_srav_epi32(x, bits); }
  static Vector EvenBytes(Vector x) { return _mm256_and_si256(x, _mm256_set1_epi16(0x00FF)); }
  static Vector OddBytes(Vector x) { return _mm256_srli_epi16(x, 8); }

  // Four rows of sums → bytes clipped to 0..255, the four rows of a lane side by side.
  static Vector Interleave(const Vector row[4]) {
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
    const __m256i bytes = _mm256_packus_epi16(Words(row[0], row[1]), Words(row[2], row[3]));
    return _mm256_shuffle_epi8(bytes, order);
  }

  // Four vectors of results → bytes clipped to 0..255, one vector after the other.
  static Vector Bytes(const Vector result[4]) {
    const __m256i quarters = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(result[0], result[1]),
                                              _mm256_packs_epi32(result[2], result[3]));
    return _mm256_permutevar8x32_epi32(bytes, quarters);
  }

 private:
  // Each sum >> 22, those of `even` in the even words.
  static Vector Words(Vector even, Vector odd) {
    const __m256i high = _mm256_blend_epi16(_mm256_srli_epi32(even, 16), odd, 0xAA);
    return _mm256_srai_epi16(high, kWeightBits - 16);
  }

  ptrdiff_t first_;
  ptrdiff_t second_;
  __m256i bytes_;
};

// PairKernel, whose horizontal pass goes over matched quarters where there are enough of them.
template <int kChannels>
class QuarterKernel {
 public:
  static constexpr ResampleKernel Make() {
    ResampleKernel kernel = kPairs;
    kernel.pack_horizontal = PackHorizontal;
    kernel.horizontal = Horizontal;
    return kernel;
  }

 private:
  static constexpr ResampleKernel kPairs = PairKernel<Avx2, kChannels>::Make();
  static constexpr int kRows = kPairBlockRows;

  static Status PackHorizontal(PackedAxis* axis) {
    bool packed = false;
    REGCORE_RETURN_IF_ERROR(PackMatchedQuarters(axis, &packed));
    return packed ? Status() : kPairs.pack_horizontal(axis);
  }

  static void Horizontal(const PackedAxis& horizontal, int begin, int end, const PixelView& source,
                         uint8_t* intermediate) {
    if (horizontal.shape != kMatchedQuarters) {
      return kPairs.horizontal(horizontal, begin, end, source, intermediate);
    }
    const size_t block_bytes = kPairs.block_bytes(kChannels * horizontal.plan.count);
    for (int top = begin; top < end; top += kRows, intermediate += block_bytes) {
      const uint8_t* row[kRows];
      for (int r = 0; r < kRows; ++r) {  // past the end: weight 0
        row[r] = source.Row(std::min(top + r, end - 1)) - kChannels * ptrdiff_t{source.area.left};
      }
      QuarterRows<kChannels>::Run(horizontal, row, kRows * source.stride, intermediate);
    }
  }
};

}  // namespace

const ResampleKernels kResampleAvx2 = {QuarterKernel<1>::Make(), QuarterKernel<3>::Make(),
                                       QuarterKernel<4>::Make()};

}  // namespace regcore
