// AVX-512 with VBMI and VNNI: the horizontal pass, four rows at a time.
#include <immintrin.h>

#include <algorithm>
#include <iterator>

#include "resample/int8_digits_avx512vbmi-inl.h"
#include "resample/vertical_avx512vbmi-inl.h"

namespace regcore {
namespace {

// Adds all taps times one digit of their weights. Those of a pair have fewer, of 16 bits.
template <int kDigits, int kDigit, int kBlocks, bool kPair>
inline __m512i AddDigit(__m512i sum, const __m512i* taps, const __m512i* weights) {
  for (int b = 0; b < kBlocks; ++b) {
    sum = _mm512_dpbusd_epi32(sum, taps[b], weights[kDigits * b + kDigit]);
  }
  if constexpr (kPair && kDigit < kDigits - 1) {
    sum =
        _mm512_dpwssd_epi32(sum, taps[kBlocks], weights[kDigits * kBlocks + kDigits - 2 - kDigit]);
  }
  return sum;
}

// Each shift serves all the digits added before.
template <int kChannels, int kDigits, Half kHalfWanted, int kBlocks, bool kPair>
inline __m512i ShortSum(const Scale& scale, const uint8_t* pixels, __m512i index,
                        const __m512i* weights) {
  __m512i taps[kBlocks + 1];
  for (int b = 0; b < kBlocks; ++b) {
    taps[b] = _mm512_permutexvar_epi8(index, _mm512_loadu_si512(pixels + kChannels * kBlock * b));
  }
  if constexpr (kPair) {
    taps[kBlocks] = _mm512_maskz_permutexvar_epi8(
        kEvenBytes, index, _mm512_loadu_si512(pixels + kChannels * kBlock * kBlocks));
  }
  if constexpr (kDigits == 2) {
    __m512i sum = _mm512_setzero_si512();
    sum = AddDigit<2, 1, kBlocks, kPair>(sum, taps, weights);
    sum = _mm512_add_epi32(_mm512_slli_epi32(sum, 8), scale.half);
    return scale.Place(kHalfWanted, AddDigit<2, 0, kBlocks, kPair>(sum, taps, weights));
  } else if constexpr (kHalfWanted == Half::kUpper) {
    __m512i sum = _mm512_set1_epi32(kHalf >> 16);
    sum = AddDigit<3, 2, kBlocks, kPair>(sum, taps, weights);
    sum = AddDigit<3, 1, kBlocks, kPair>(_mm512_slli_epi32(sum, 8), taps, weights);
    return AddDigit<3, 0, kBlocks, kPair>(_mm512_slli_epi32(sum, 8), taps, weights);
  } else {
    __m512i sum = _mm512_set1_epi32(kHalf >> 8);
    sum = AddDigit<3, 1, kBlocks, kPair>(sum, taps, weights);
    sum = AddDigit<3, 0, kBlocks, kPair>(_mm512_slli_epi32(sum, 8), taps, weights);
    return AddDigit<3, 2, kBlocks, kPair>(_mm512_srai_epi32(sum, 16), taps, weights);
  }
}

// Four rows of the source, each from the pixel `left` on.
template <int kChannels>
struct SourceRows {
  const uint8_t* row[kBlock];
  int left;
  ptrdiff_t next;  // bytes to the four rows below

  const uint8_t* At(int r, int pixel) const { return row[r] + kChannels * ptrdiff_t{pixel - left}; }

  // Whoever decoded the next rows left them in L2 or further away.
  void PrefetchNext(int pixel) const {
    for (int r = 0; r < kBlock; ++r) _mm_prefetch(At(r, pixel) + next, _MM_HINT_T1);
  }
};

template <int kChannels, int kDigits, int kBlocks, bool kPair>
void ShortRows(const PackedAxis& axis, const SourceRows<kChannels>& source, uint8_t* out) {
  constexpr int kWeights = kDigits * kBlocks + (kDigits - 1) * kPair;
  const Scale scale(axis);
  const uint8_t* packed = axis.weights.data();
  for (size_t g = 0; g < axis.blocks.size(); g += 2, out += kVector) {
    const int pixel = axis.blocks[g];
    source.PrefetchNext(pixel);
    const __m512i index = _mm512_load_si512(packed);
    packed += kVector;
    __m512i weights[kWeights];
    for (int i = 0; i < kWeights; ++i, packed += kVector) weights[i] = _mm512_load_si512(packed);
    __m512i sum[kBlock];
    for (int r = 0; r < kBlock; r += 2) {
      sum[r] = ShortSum<kChannels, kDigits, Half::kLower, kBlocks, kPair>(
          scale, source.At(r, pixel), index, weights);
      sum[r + 1] = ShortSum<kChannels, kDigits, Half::kUpper, kBlocks, kPair>(
          scale, source.At(r + 1, pixel), index, weights);
    }
    _mm512_store_si512(out, Interleave(sum));
  }
}

// The taps that `index` picks from one vector of pixels.
inline __m512i TapsAt(const uint8_t* pixels, __m512i index) {
  return _mm512_permutexvar_epi8(index, _mm512_loadu_si512(pixels));
}

// The same of two vectors, the other of which begins `second` bytes later.
inline __m512i TapsOfTwo(const uint8_t* pixels, int second, __m512i index) {
  return _mm512_permutex2var_epi8(_mm512_loadu_si512(pixels), index,
                                  _mm512_loadu_si512(pixels + second));
}

// Adds the taps of a block with their weights.
template <int kDigits>
inline void AddBlock(__m512i taps, const uint8_t* weights, __m512i sum[kDigits]) {
  for (int d = 0; d < kDigits; ++d) {
    const __m512i weight = _mm512_load_si512(weights + static_cast<size_t>(d) * kVector);
    sum[d] = _mm512_dpbusd_epi32(sum[d], taps, weight);
  }
}

template <int kChannels, int kDigits, bool kFar>
void ColumnRows(const PackedAxis& axis, const SourceRows<kChannels>& source, uint8_t* out) {
  const Scale scale(axis);
  const uint8_t* packed = axis.weights.data();
  for (size_t g = 0; g < axis.blocks.size(); g += kFar ? 3 : 2, out += kVector) {
    const int pixel = axis.blocks[g];
    const int second = kFar ? axis.blocks[g + 2] : 0;
    source.PrefetchNext(pixel);
    if constexpr (kFar) source.PrefetchNext(pixel + static_cast<int>(kVector) / kChannels);
    const __m512i index = _mm512_load_si512(packed);
    packed += kVector;
    __m512i sum[kBlock][kDigits];
    for (auto& s : sum) Begin<kDigits>(scale.half, s);
    for (int block = 0; block < axis.blocks[g + 1]; ++block, packed += kDigits * kVector) {
      for (int r = 0; r < kBlock; ++r) {
        const uint8_t* const pixels = source.At(r, pixel) + kChannels * kBlock * block;
        AddBlock<kDigits>(kFar ? TapsOfTwo(pixels, second, index) : TapsAt(pixels, index), packed,
                          sum[r]);
      }
    }
    __m512i result[kBlock];
    for (int r = 0; r < kBlock; ++r) result[r] = Recombine<kDigits>(scale, HalfAt(r), sum[r]);
    _mm512_store_si512(out, Interleave(result));
  }
}

template <int kChannels, int kDigits>
void PixelRows(const PackedAxis& axis, const SourceRows<kChannels>& source, uint8_t* out) {
  const Scale scale(axis);
  alignas(kVector) uint8_t index_bytes[kVector] = {};
  for (int t = 0; t < kWideTaps; ++t) {
    for (int c = 0; c < kChannels; ++c)
      index_bytes[4 * (t / 4 * 4 + c) + t % 4] = static_cast<uint8_t>(kChannels * t + c);
  }
  const __m512i index = _mm512_load_si512(index_bytes);
  const uint8_t* packed = axis.weights.data();
  for (size_t i = 0; i < axis.blocks.size(); ++i) {
    source.PrefetchNext(axis.plan.start[i]);
    __m512i sum[kBlock][kDigits];
    for (auto& s : sum) Begin<kDigits>(_mm512_setzero_si512(), s);
    for (int block = 0; block < axis.blocks[i]; ++block, packed += kDigits * kVector) {
      for (int r = 0; r < kBlock; ++r) {
        const uint8_t* const pixels =
            source.At(r, axis.plan.start[i]) + kChannels * kWideTaps * block;
        AddBlock<kDigits>(TapsAt(pixels, index), packed, sum[r]);
      }
    }
    __m512i result[kBlock];
    for (int r = 0; r < kBlock; ++r) {
      __m512i total = Recombine<kDigits>(scale, Half::kUpper, sum[r]);
      total = _mm512_add_epi32(total, _mm512_shuffle_i32x4(total, total, 0x4E));  // q ^ 2
      total = _mm512_add_epi32(total, _mm512_shuffle_i32x4(total, total, 0xB1));  // q ^ 1
      total = _mm512_add_epi32(total, _mm512_set1_epi32(kHalf));
      result[r] = HalfAt(r) == Half::kUpper ? total : _mm512_srli_epi32(total, 16);
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_castsi512_si128(Interleave(result)));
    out += kChannels * kBlock;  // the lanes left over are overwritten by the next pixel
  }
}

template <int kChannels>
using RowsFunction = void (*)(const PackedAxis&, const SourceRows<kChannels>&, uint8_t* out);

template <int kC, int kD>
constexpr RowsFunction<kC> kRowsOf[] = {PixelRows<kC, kD>,          ColumnRows<kC, kD, false>,
                                        ColumnRows<kC, kD, true>,   nullptr,
                                        ShortRows<kC, kD, 0, true>, ShortRows<kC, kD, 1, false>,
                                        ShortRows<kC, kD, 1, true>, ShortRows<kC, kD, 2, false>,
                                        ShortRows<kC, kD, 2, true>, ShortRows<kC, kD, 3, false>,
                                        ShortRows<kC, kD, 3, true>};
static_assert(std::size(kRowsOf<3, kMaxDigits>) == kDigitShort + 2 * kMaxShortBlocks + 2);

template <int kChannels>
void Horizontal(const PackedAxis& horizontal, int begin, int end, const PixelView& source,
                uint8_t* intermediate) {
  const RowsFunction<kChannels> rows =
      (horizontal.parts == 2 ? kRowsOf<kChannels, 2> : kRowsOf<kChannels, 3>)[horizontal.shape];
  const size_t block_bytes = BlockBytes(kChannels * horizontal.plan.count);
  for (int top = begin; top < end; top += kBlock) {
    SourceRows<kChannels> four{{}, source.area.left, kBlock * source.stride};
    for (int r = 0; r < kBlock; ++r) {  // past the end: weight 0
      four.row[r] = source.Row(std::min(top + r, end - 1));
    }
    rows(horizontal, four, intermediate);
    intermediate += block_bytes;
  }
}

template <int kChannels>
constexpr ResampleKernel Kernel() {
  return {PackDigitColumns,  PackDigitRows,         BlockBytes,
          IntermediateBytes, Horizontal<kChannels>, Vertical};
}

}  // namespace

const ResampleKernels kResampleAvx512Vbmi = {Kernel<1>(), Kernel<3>(), Kernel<4>()};

}  // namespace regcore
