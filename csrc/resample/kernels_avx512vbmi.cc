// AVX-512 with VBMI and VNNI.
//
// Exactness: a weight k, |k| < 1.98 * 2^22, is written as k = d0 + 256 d1 + 65536 d2 with signed
// bytes d. vpdpbusd adds four products uint8 x int8 per 32-bit lane without saturation. Two taps
// take vpdpwssd, which adds two products of 16-bit numbers, and k = d0 + 256 e, |e| < 2^15. All
// sums are taken modulo 2^32, as is their recombination: that of Pillow's int32 sum, hence equal
// to it. The higher half of the sum's 32 bits, shifted by 6 more, is floor(sum / 2^22).
//
// Where all weights are k = 2^shift w, and w has no third digit, nor as a whole more than 16 bits,
// the sum of w and of 2^21 / 2^shift is the same number without its last bits, which are zeros.
//
// Intermediate: blocks of four rows, byte-interleaved (column 0 of rows 0, 2, 1, 3, column 1 of
// rows 0, 2, 1, 3, ...): the horizontal pass produces four rows at once, the vertical pass finds
// the four taps of a lane side by side, and the first two in the even bytes.
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "resample/weights.h"
#include "resample/weights_int8_digits.h"

namespace regcore {
namespace {

constexpr int kBlock = kDigitBlock;       // rows per block, and taps per vpdpbusd lane
constexpr size_t kVector = kDigitVector;  // bytes
constexpr int32_t kHalf = 1 << (kWeightBits - 1);
constexpr __mmask64 kEvenBytes = 0x5555555555555555;

size_t BlockBytes(int columns) { return static_cast<size_t>(DivideUp(columns, 64)) * 64 * kBlock; }

// The store of one pixel's lanes reaches past the last one.
size_t IntermediateBytes(int rows, int columns) {
  return static_cast<size_t>(DivideUp(rows, kBlock)) * BlockBytes(columns) + kVector;
}

// Only the higher half of a sum is needed. It comes as the higher half of a lane or, which saves a
// shift where two vectors share one, as the lower: (d0 + 256 d1) / 65536 + d2 rounded down, of
// which the upper half is then left to chance.
enum class Half { kLower, kUpper };

// Words: lower halves of `even`, upper halves of `odd`, each shifted to sum >> 22.
inline __m512i Join(__m512i even, __m512i odd) {
  constexpr __mmask32 kOddWords = 0xAAAAAAAA;
  return _mm512_srai_epi16(_mm512_mask_blend_epi16(kOddWords, even, odd), kWeightBits - 16);
}

constexpr Half HalfAt(int vector) { return vector % 2 == 0 ? Half::kLower : Half::kUpper; }

// Four rows of sums → bytes clipped to 0..255, the four rows of a lane side by side.
inline __m512i Interleave(const __m512i row[kBlock]) {
  const __m512i order =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
  const __m512i bytes = _mm512_packus_epi16(Join(row[0], row[1]), Join(row[2], row[3]));
  return _mm512_shuffle_epi8(bytes, order);
}

// What an axis makes of its sums of shifted weights.
class Scale {
 public:
  explicit Scale(const PackedAxis& axis)
      : half(_mm512_set1_epi32(kHalf >> axis.shift)),
        up_(_mm512_set1_epi32(axis.shift)),
        down_(_mm512_set1_epi32(16 - axis.shift)) {}

  // The half of a sum of two digits that is wanted.
  __m512i Place(Half wanted, __m512i sum) const {
    return wanted == Half::kUpper ? _mm512_sllv_epi32(sum, up_) : _mm512_srav_epi32(sum, down_);
  }

  const __m512i half;

 private:
  __m512i up_;
  __m512i down_;
};

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

template <int kDigits>
inline void Begin(__m512i first, __m512i sum[kDigits]) {
  sum[0] = first;
  for (int d = 1; d < kDigits; ++d) sum[d] = _mm512_setzero_si512();
}

template <int kDigits>
inline __m512i Recombine(const Scale& scale, Half half, const __m512i sum[kDigits]) {
  const __m512i low = _mm512_add_epi32(sum[0], _mm512_slli_epi32(sum[1], 8));
  if constexpr (kDigits == 2) {
    return scale.Place(half, low);
  } else {
    if (half == Half::kLower) return _mm512_add_epi32(_mm512_srai_epi32(low, 16), sum[2]);
    return _mm512_add_epi32(low, _mm512_slli_epi32(sum[2], 16));
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

// A step of the vertical pass: the sums of 64 columns.
template <int kDigits>
struct ColumnSums {
  __m512i sum[4][kDigits];

  explicit ColumnSums(const Scale& scale) {
    for (auto& s : sum) Begin<kDigits>(scale.half, s);
  }

  void AddWhole(const uint8_t* source, const int32_t* weights) {
    __m512i weight[kDigits];
    for (int d = 0; d < kDigits; ++d) weight[d] = _mm512_set1_epi32(weights[d]);
    for (size_t v = 0; v < 4; ++v) {
      const __m512i taps = _mm512_load_si512(source + v * kVector);
      for (int d = 0; d < kDigits; ++d) {
        sum[v][d] = _mm512_dpbusd_epi32(sum[v][d], taps, weight[d]);
      }
    }
  }

  void AddHalf(const uint8_t* source, const int32_t* weights) {
    __m512i weight[kDigits - 1];  // the lowest last
    for (int d = 0; d < kDigits - 1; ++d) weight[d] = _mm512_set1_epi32(weights[d]);
    for (size_t v = 0; v < 4; ++v) {
      const __m512i taps =
          _mm512_and_si512(_mm512_load_si512(source + v * kVector), _mm512_set1_epi16(0x00FF));
      for (int d = 0; d < kDigits - 1; ++d) {
        sum[v][d] = _mm512_dpwssd_epi32(sum[v][d], taps, weight[kDigits - 2 - d]);
      }
    }
  }

  void Store(const Scale& scale, uint8_t* out) const {
    __m512i total[4];
    for (int v = 0; v < 4; ++v) total[v] = Recombine<kDigits>(scale, HalfAt(v), sum[v]);
    const __m512i bytes = _mm512_packus_epi16(Join(total[0], total[1]), Join(total[2], total[3]));
    _mm512_storeu_si512(out, _mm512_permutexvar_epi8(_mm512_load_si512(kOrder.data()), bytes));
  }

 private:
  // Lane 4q + l of sum v comes out in quarter q of the bytes, in word l of half v / 2.
  alignas(kVector) static constexpr std::array<uint8_t, kVector> kOrder = [] {
    std::array<uint8_t, kVector> order{};
    for (size_t column = 0; column < kVector; ++column) {
      const size_t v = column / 16, q = column % 16 / 4, l = column % 4;
      order[column] = static_cast<uint8_t>(16 * q + 8 * (v / 2) + 2 * l + v % 2);
    }
    return order;
  }();
};

template <int kDigits>
void OutputRow(const PackedAxis& vertical, int row, const uint8_t* intermediate, int skipped,
               int columns, uint8_t* out) {
  const Scale scale(vertical);
  const DigitWindow window = DigitWindow::Of(vertical, row);
  const size_t block_bytes = BlockBytes(columns);
  const size_t first_block = static_cast<size_t>(window.first - skipped / kBlock);
  const uint8_t* top = intermediate + first_block * block_bytes;
  const auto* first = reinterpret_cast<const int32_t*>(vertical.weights.data()) + window.weights;
  for (int column = 0; column < columns; column += 64) {
    const uint8_t* source = top + static_cast<size_t>(column) * kBlock;
    const int32_t* weights = first;
    ColumnSums<kDigits> sums(scale);
    for (int block = 0; block < window.whole; ++block, source += block_bytes, weights += kDigits) {
      sums.AddWhole(source, weights);
    }
    if (window.half != 0) sums.AddHalf(source, weights);
    sums.Store(scale, out + column);
  }
}

void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate, int skipped,
              int columns, uint8_t* out) {
  const auto output_row = vertical.parts == 2 ? OutputRow<2> : OutputRow<kMaxDigits>;
  output_row(vertical, row, intermediate, skipped, columns, out);
}

template <int kChannels>
constexpr ResampleKernel Kernel() {
  return {PackDigitColumns,  PackDigitRows,         BlockBytes,
          IntermediateBytes, Horizontal<kChannels>, Vertical};
}

}  // namespace

const ResampleKernels kResampleAvx512Vbmi = {Kernel<1>(), Kernel<3>(), Kernel<4>()};

}  // namespace regcore
