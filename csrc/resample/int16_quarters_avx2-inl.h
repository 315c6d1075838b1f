// The horizontal pass of AVX2 over matched quarters (weights_int16_quarters.h): products of 16-bit
// numbers, two taps a time, as int16_pairs-inl.h has them. A core shuffles two vectors a cycle:
// PairKernel needs two shuffles for each product of vectors, this pass one.
//
// Exactness: the sums are those of int16_pairs-inl.h, for the reasons given there, only the taps of
// weight zero may be others. Sums of whole weights are as many bits shorter as the weights were
// shifted, so that their results lie as many bits lower.
#pragma once

#include <immintrin.h>

#include <array>
#include <cstdint>
#include <utility>

#include "resample/kernels.h"
#include "resample/weights_int16_quarters.h"

namespace regcore {
namespace {  // compiled for AVX2

template <int kChannels>
class QuarterRows {
 public:
  static constexpr int kRows = 4;

  // Four rows of which each `row` is the address of pixel 0, to a block of intermediate rows as
  // PairKernel has them. What lies `next` bytes on is fetched.
  static void Run(const PackedAxis& axis, const uint8_t* const row[kRows], ptrdiff_t next,
                  uint8_t* out) {
    const int pairs = axis.blocks.front();
    const auto fixed = static_cast<size_t>(pairs <= kMaxFixed ? pairs : 0);
    (axis.parts == 1 ? kRowsOf<1> : kRowsOf<2>)[fixed](axis, row, next, out);
  }

 private:
  using RowsFunction = void (*)(const PackedAxis&, const uint8_t* const*, ptrdiff_t, uint8_t*);
  static constexpr size_t kVectorBytes = 32;
  static constexpr int kMaxFixed = 8;

  static __m256i Load(const uint8_t* p) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  }

  // Sums of high and of low halves, or of shifted weights.
  template <int kParts>
  struct Sums {
    __m256i sum[kParts];

    explicit Sums(__m256i half) {
      sum[kParts - 1] = half;
      if constexpr (kParts == 2) sum[0] = _mm256_setzero_si256();
    }

    void Add(__m256i taps, const __m256i weights[kParts]) {
      for (int part = 0; part < kParts; ++part) {
        sum[part] = _mm256_add_epi32(sum[part], _mm256_madd_epi16(taps, weights[part]));
        // Otherwise GCC multiplies everything first, and has to keep it in memory.
        asm("" : "+x"(sum[part]));
      }
    }

    __m256i Result(__m128i bits) const {
      if constexpr (kParts == 1) return _mm256_sra_epi32(sum[0], bits);
      const __m256i total = _mm256_add_epi32(sum[1], _mm256_slli_epi32(sum[0], 8));
      return _mm256_srai_epi32(total, kWeightBits);
    }
  };

  // kPairs, if not 0, is the number of pairs of taps.
  template <int kParts, int kPairs>
  static void Rows(const PackedAxis& axis, const uint8_t* const rows[kRows], ptrdiff_t next,
                   uint8_t* out) {
    const __m256i half = _mm256_set1_epi32((1 << (kWeightBits - 1)) >> axis.shift);
    const __m128i bits = _mm_cvtsi32_si128(kWeightBits - axis.shift);
    const int pairs = kPairs == 0 ? axis.blocks.front() : kPairs;
    const uint8_t* packed = axis.weights.data();
    const int32_t* const end = axis.blocks.data() + axis.blocks.size();
    const uint8_t* const row[kRows] = {rows[0], rows[1], rows[2], rows[3]};
    for (const int32_t* match = axis.blocks.data() + 1; match < end; match += QuarterMatch::kInts) {
      const ptrdiff_t begin = match[0];
      // Whoever decoded it left it in L2 or further away.
      for (const uint8_t* r : row) _mm_prefetch(r + begin + next, _MM_HINT_T1);
      const __m256i bytes = Load(packed);
      packed += kVectorBytes;
      Sums<kParts> sums[kRows] = {Sums<kParts>(half), Sums<kParts>(half), Sums<kParts>(half),
                                  Sums<kParts>(half)};
      for (int pair = 0; pair < pairs; ++pair) {
        __m256i weights[kParts];
        for (__m256i& of_part : weights) {
          of_part = Load(packed);
          packed += kVectorBytes;
        }
        for (int r = 0; r < kRows; ++r) {
          const auto* const taps =
              reinterpret_cast<const __m256i*>(row[r] + begin + 2 * kChannels * pair);
          sums[r].Add(_mm256_shuffle_epi8(_mm256_loadu_si256(taps), bytes), weights);
        }
      }
      const __m256i columns = Bytes(sums[0].Result(bits), sums[1].Result(bits),
                                    sums[2].Result(bits), sums[3].Result(bits));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + match[1]), _mm256_castsi256_si128(columns));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + match[2]),
                       _mm256_extracti128_si256(columns, 1));
    }
  }

  // Four rows of results → bytes clipped to 0..255, the four rows of a lane side by side: packing
  // to words saturates no result within 0..255, and leaves the others on their side of it.
  static __m256i Bytes(__m256i row0, __m256i row1, __m256i row2, __m256i row3) {
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 8, 4, 12, 1, 9, 5, 13, 2, 10, 6, 14, 3, 11, 7, 15));
    const __m256i bytes =
        _mm256_packus_epi16(_mm256_packs_epi32(row0, row1), _mm256_packs_epi32(row2, row3));
    return _mm256_shuffle_epi8(bytes, order);
  }

  template <int kParts, int... kPairs>
  static constexpr std::array<RowsFunction, sizeof...(kPairs)> RowsOf(
      std::integer_sequence<int, kPairs...>) {
    return {Rows<kParts, kPairs>...};
  }
  // By the number of pairs; of more than kMaxFixed, 0.
  template <int kParts>
  static constexpr auto kRowsOf = RowsOf<kParts>(std::make_integer_sequence<int, kMaxFixed + 1>());
};

}  // namespace
}  // namespace regcore
