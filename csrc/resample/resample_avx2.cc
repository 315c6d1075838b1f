// AVX2.
//
// Exactness: a weight k, |k| < 1.98 * 2^22, is written as k = low + 2048 high with |low| <= 1024
// and |high| <= 4096, so both fit 16 bits. vpmaddwd adds two products of 16-bit numbers exactly,
// and the recombined sum equals Pillow's int32 sum modulo 2^32, hence equals it.
//
// Intermediate: blocks of two rows, byte-interleaved (column 0 of rows 0 and 1, column 1, ...).
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "resample/resample.h"

namespace regcore {
namespace {

constexpr int kBlockRows = 2;
constexpr int kStepTaps = 4;   // taps per horizontal load: two vpmaddwd pairs
constexpr int kShortTaps = 8;  // two loads: past a row's end by less than kReadSlack
constexpr int kLowBits = 11;
constexpr int32_t kHalf = 1 << (kWeightBits - 1);

int32_t WeightAt(const AxisPlan& plan, int i, int tap) {
  if (tap < 0 || tap >= plan.length[static_cast<size_t>(i)]) return 0;
  return plan
      .weights[static_cast<size_t>(i) * static_cast<size_t>(plan.taps) + static_cast<size_t>(tap)];
}

int32_t Low(int32_t weight) {
  constexpr int32_t kBase = 1 << kLowBits;
  return ((weight + kBase / 2) & (kBase - 1)) - kBase / 2;
}

int32_t High(int32_t weight) { return (weight - Low(weight)) >> kLowBits; }

// Two 16-bit numbers in one 32-bit lane, as vpmaddwd reads them.
int32_t Pair(int32_t first, int32_t second) {
  return static_cast<int32_t>((static_cast<uint32_t>(first) & 0xFFFFu) |
                              (static_cast<uint32_t>(second) << 16));
}

int DivideUp(int a, int b) { return (a + b - 1) / b; }

size_t BlockBytes(int columns) {
  return static_cast<size_t>(DivideUp(columns, 32)) * 32 * kBlockRows;
}

size_t IntermediateBytes(int rows, int columns) {
  return static_cast<size_t>(DivideUp(rows, kBlockRows)) * BlockBytes(columns) + 32;
}

// Windows of up to kShortTaps taps get the same number of pairs for every pixel, which is in every
// place of `blocks`; longer ones (`wide`) as many steps of two pairs as each pixel needs.
// Per pair: high(t, t + 1), low(t, t + 1).
Status PackHorizontal(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  const int longest = *std::max_element(plan.length.begin(), plan.length.end());
  axis->wide = longest > kShortTaps;
  size_t taps = 0;
  for (int length : plan.length) {
    axis->blocks.push_back(axis->wide ? DivideUp(length, kStepTaps) : DivideUp(longest, 2));
    taps += static_cast<size_t>(axis->blocks.back() * (axis->wide ? kStepTaps : 2));
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(taps * sizeof(int32_t)));
  auto* out = reinterpret_cast<int32_t*>(axis->weights.data());
  for (int i = 0; i < plan.count; ++i) {
    const int end = axis->blocks[static_cast<size_t>(i)] * (axis->wide ? kStepTaps : 2);
    for (int t = 0; t < end; t += 2) {
      const int32_t first = WeightAt(plan, i, t);
      const int32_t second = WeightAt(plan, i, t + 1);
      *out++ = Pair(High(first), High(second));
      *out++ = Pair(Low(first), Low(second));
    }
  }
  return {};
}

// Per output row: first block, number of blocks, first weight; per block the pairs high and low.
Status PackVertical(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  size_t total = 0;
  for (int i = 0; i < plan.count; ++i) {
    const int begin = plan.start[static_cast<size_t>(i)] - plan.input_begin();
    const int end = begin + plan.length[static_cast<size_t>(i)];
    const int blocks = DivideUp(end, kBlockRows) - begin / kBlockRows;
    axis->blocks.insert(axis->blocks.end(),
                        {begin / kBlockRows, blocks, static_cast<int32_t>(total)});
    total += 2 * static_cast<size_t>(blocks);
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(total * sizeof(int32_t)));
  auto* out = reinterpret_cast<int32_t*>(axis->weights.data());
  for (int i = 0; i < plan.count; ++i) {
    const int32_t* range = axis->blocks.data() + 3 * static_cast<size_t>(i);
    const int start = plan.start[static_cast<size_t>(i)] - plan.input_begin();
    for (int block = range[0]; block < range[0] + range[1]; ++block) {
      const int32_t first = WeightAt(plan, i, kBlockRows * block - start);
      const int32_t second = WeightAt(plan, i, kBlockRows * block + 1 - start);
      *out++ = Pair(High(first), High(second));
      *out++ = Pair(Low(first), Low(second));
    }
  }
  return {};
}

// (low + 2048 high) >> 22; low began at one half.
inline __m256i Recombine(__m256i high, __m256i low) {
  return _mm256_srai_epi32(_mm256_add_epi32(_mm256_slli_epi32(high, kLowBits), low), kWeightBits);
}

// The sums of one pixel of two rows (lower and upper half): lanes R G B and one of no meaning.
struct PixelSums {
  __m256i high = _mm256_setzero_si256();
  __m256i low = _mm256_set1_epi32(kHalf);

  // Adds two of the pixels loaded, at the places that `pair` picks, with their pair of weights.
  void Add(__m256i rows, __m128i pair, const int32_t* weights) {
    const __m256i taps = _mm256_shuffle_epi8(rows, _mm256_broadcastsi128_si256(pair));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(taps, _mm256_set1_epi32(weights[0])));
    low = _mm256_add_epi32(low, _mm256_madd_epi16(taps, _mm256_set1_epi32(weights[1])));
  }
};

inline __m256i LoadRows(const uint8_t* row0, const uint8_t* row1) {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row0))),
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(row1)), 1);
}

// One pixel of two rows, from `count` pairs of taps; kPairs, if not 0, is that count. Moves
// `weights` on.
template <int kPairs>
inline __m256i Pixel(const int32_t** weights, int count, const uint8_t* row0, const uint8_t* row1) {
  const __m128i first = _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  const __m128i second = _mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  PixelSums sums;
  const int pairs = kPairs == 0 ? count : kPairs;
  for (int pair = 0; pair < pairs; pair += 2, *weights += kStepTaps) {
    const __m256i rows = LoadRows(row0 + 6 * pair, row1 + 6 * pair);
    sums.Add(rows, first, *weights);
    if (pair + 1 < pairs) sums.Add(rows, second, *weights + 2);
  }
  if (pairs % 2 == 1) *weights -= 2;
  return Recombine(sums.high, sums.low);
}

template <int kPairs>
void TwoRows(const PackedAxis& axis, int left, const uint8_t* row0, const uint8_t* row1,
             uint8_t* out) {
  // After the unpack: R R' G G' B B' x x of two pixels; drop the x.
  const __m128i compact = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, -1, -1, -1, -1);
  const auto* weights = reinterpret_cast<const int32_t*>(axis.weights.data());
  const size_t count = axis.blocks.size();
  for (size_t i = 0; i < count; i += 2) {
    const ptrdiff_t offset = 3 * ptrdiff_t{axis.plan.start[i] - left};
    const __m256i pixel0 =
        Pixel<kPairs>(&weights, 2 * axis.blocks[i], row0 + offset, row1 + offset);
    __m256i pixel1 = pixel0;
    if (i + 1 < count) {
      const ptrdiff_t next = 3 * ptrdiff_t{axis.plan.start[i + 1] - left};
      pixel1 = Pixel<kPairs>(&weights, 2 * axis.blocks[i + 1], row0 + next, row1 + next);
    }
    const __m256i words = _mm256_packs_epi32(pixel0, pixel1);
    const __m256i bytes = _mm256_packus_epi16(words, words);
    const __m128i rows =
        _mm_unpacklo_epi8(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(rows, compact));
    out += 2 * 3 * kBlockRows;
  }
}

using TwoRowsFunction = void (*)(const PackedAxis&, int left, const uint8_t* row0,
                                 const uint8_t* row1, uint8_t* out);

TwoRowsFunction TwoRowsFor(const PackedAxis& axis) {
  constexpr TwoRowsFunction kShort[] = {TwoRows<1>, TwoRows<2>, TwoRows<3>, TwoRows<4>};
  return axis.wide ? TwoRows<0> : kShort[axis.blocks[0] - 1];
}

void Horizontal(const PackedAxis& horizontal, const AxisPlan& vertical, const RgbView& source,
                uint8_t* intermediate) {
  const size_t block_bytes = BlockBytes(3 * horizontal.plan.count);
  const TwoRowsFunction two_rows = TwoRowsFor(horizontal);
  for (int top = vertical.input_begin(); top < vertical.input_end(); top += kBlockRows) {
    const int second = std::min(top + 1, vertical.input_end() - 1);  // past the end: weight 0
    two_rows(horizontal, source.area.left, source.Row(top), source.Row(second), intermediate);
    intermediate += block_bytes;
  }
}

void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate, int columns,
              uint8_t* out) {
  const int32_t* range = vertical.blocks.data() + 3 * static_cast<size_t>(row);
  const size_t block_bytes = BlockBytes(columns);
  const uint8_t* top = intermediate + static_cast<size_t>(range[0]) * block_bytes;
  const auto* weights = reinterpret_cast<const int32_t*>(vertical.weights.data()) + range[2];
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (int column = 0; column < columns; column += 32) {
    const uint8_t* source = top + static_cast<size_t>(column) * kBlockRows;
    __m256i high[4];
    __m256i low[4];
    for (int v = 0; v < 4; ++v) {
      high[v] = _mm256_setzero_si256();
      low[v] = _mm256_set1_epi32(kHalf);
    }
    for (int block = 0; block < range[1]; ++block, source += block_bytes) {
      const __m256i weight_high = _mm256_set1_epi32(weights[2 * block]);
      const __m256i weight_low = _mm256_set1_epi32(weights[2 * block + 1]);
      for (int v = 0; v < 4; ++v) {
        const __m256i taps =
            _mm256_cvtepu8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(source + 16 * v)));
        high[v] = _mm256_add_epi32(high[v], _mm256_madd_epi16(taps, weight_high));
        low[v] = _mm256_add_epi32(low[v], _mm256_madd_epi16(taps, weight_low));
      }
    }
    const __m256i bytes = _mm256_packus_epi16(
        _mm256_packs_epi32(Recombine(high[0], low[0]), Recombine(high[1], low[1])),
        _mm256_packs_epi32(Recombine(high[2], low[2]), Recombine(high[3], low[3])));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + column),
                        _mm256_permutevar8x32_epi32(bytes, order));
  }
}

}  // namespace

const ResampleKernel kResampleAvx2 = {PackHorizontal, PackVertical, IntermediateBytes, Horizontal,
                                      Vertical};

}  // namespace regcore
