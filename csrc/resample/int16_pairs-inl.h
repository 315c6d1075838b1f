// The kernel of all x86 instruction sets but the newest: products of 16-bit numbers, two taps a
// time, on vectors of 8 or 16 lanes.
//
// Exactness: a weight is low + 256 high (weights.h), both in 16 bits. The dot product adds
// two products of 16-bit numbers exactly, and the recombined sum equals Pillow's int32 sum modulo
// 2^32, hence equals it. The higher half of the sum, shifted by 6 more, is floor(sum / 2^22).
//
// Where all weights are 2^shift times a number of 16 bits, the sum of these and of 2^21 / 2^shift
// is the same number without its last bits, which are zeros.
//
// Intermediate: blocks of four rows, byte-interleaved (column 0 of rows 0, 2, 1, 3, column 1 of
// rows 0, 2, 1, 3, ...): the horizontal pass produces four rows at once, the vertical pass finds
// the first two in the even bytes and the other two in the odd ones.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <iterator>

#include "resample/kernels.h"
#include "resample/weights.h"
#include "resample/weights_int16_pairs.h"

namespace regcore {

// `Simd` wraps one instruction set's operations on its `Vector`. It must be local to the file that
// instantiates this, for that is compiled for that instruction set.
template <typename Simd, int kChannels>
class PairKernel {
 public:
  static constexpr ResampleKernel Make() {
    return {PackHorizontal, PackPairRows, BlockBytes, IntermediateBytes, Horizontal, Vertical};
  }

 private:
  using Vector = typename Simd::Vector;
  static constexpr int kRows = kPairBlockRows;
  static constexpr int kQuarters = Simd::kLanes / 4;
  static constexpr size_t kVectorBytes = 4 * size_t{Simd::kLanes};
  static constexpr int kStep = 4 * Simd::kLanes;  // columns of the vertical pass
  static constexpr int32_t kHalf = 1 << (kWeightBits - 1);

  static size_t BlockBytes(int columns) {
    return static_cast<size_t>(DivideUp(columns, kStep)) * size_t{kStep} * kRows;
  }

  // One pixel at a time, the last four bytes of each store are overwritten by the next.
  static size_t IntermediateBytes(int rows, int columns) {
    return static_cast<size_t>(DivideUp(rows, kRows)) * BlockBytes(columns) + 16;
  }

  static Status PackHorizontal(PackedAxis* axis) {
    return PackPairColumns(Simd::kLanes, Simd::kGathers, axis);
  }

  // Sums of high and of low halves, or of shifted weights.
  template <int kParts>
  struct Sums {
    Vector sum[kParts];

    explicit Sums(Vector half) {
      sum[kParts - 1] = half;
      if constexpr (kParts == 2) sum[0] = Simd::Broadcast(0);
    }

    void Add(Vector taps, const Vector weights[kParts]) {
      for (int part = 0; part < kParts; ++part) {
        sum[part] = Simd::Dot(sum[part], taps, weights[part]);
      }
    }

    Vector Total(Vector shift) const {
      if constexpr (kParts == 1) return Simd::ShiftLeftBy(sum[0], shift);
      return Simd::Add(sum[1], Simd::template ShiftLeft<8>(sum[0]));
    }

    // Without the fraction bits, `bits` of shifted weights.
    Vector Result(Vector bits) const {
      if constexpr (kParts == 1) return Simd::ShiftRightBy(sum[0], bits);
      return Simd::template ShiftRight<kWeightBits>(Total(bits));
    }
  };

  // Four rows of the source, each from the pixel `left` on.
  struct SourceRows {
    const uint8_t* row[kRows];
    int left;
    ptrdiff_t next;  // bytes to the four rows below

    const uint8_t* At(int r, int pixel) const {
      return row[r] + kChannels * ptrdiff_t{pixel - left};
    }
  };

  // kPairs, if not 0, is the number of pairs of taps in all groups.
  template <int kParts, int kPairs>
  static void ColumnRows(const PackedAxis& axis, const SourceRows& source, uint8_t* out) {
    const uint8_t* packed = axis.weights.data();
    const int32_t* const end = axis.blocks.data() + axis.blocks.size();
    const uint8_t* row[kRows];
    for (int r = 0; r < kRows; ++r) row[r] = source.At(r, 0);
    const Vector half = Simd::Broadcast(kHalf >> axis.shift);
    const Vector shift = Simd::Broadcast(axis.shift);
    const ptrdiff_t next = source.next;  // whoever decoded it left it in L2 or further away
    for (const int32_t* group = axis.blocks.data(); group < end; group += kQuarters + 1) {
      const ptrdiff_t below = kChannels * ptrdiff_t{group[0]} + next;
      for (const uint8_t* r : row) _mm_prefetch(r + below, _MM_HINT_T1);
      const int pairs = kPairs == 0 ? group[kQuarters] : kPairs;
      const Simd simd(kChannels, group, packed);
      packed += Simd::kFixedVectors * kVectorBytes;
      Sums<kParts> sums[kRows] = {Sums<kParts>(half), Sums<kParts>(half), Sums<kParts>(half),
                                  Sums<kParts>(half)};
      for (int pair = 0; pair < pairs; ++pair, packed += kParts * kVectorBytes) {
        Vector weights[kParts];
        for (size_t part = 0; part < kParts; ++part) {
          weights[part] = Simd::Load(packed + part * kVectorBytes);
        }
        for (int r = 0; r < kRows; ++r) {
          sums[r].Add(simd.Taps(row[r] + 2 * kChannels * pair), weights);
        }
      }
      Vector total[kRows];
      for (int r = 0; r < kRows; ++r) total[r] = sums[r].Total(shift);
      Simd::Store(out, Simd::Interleave(total));
      out += kVectorBytes;
    }
  }

  // In each quarter a row: four taps of its pixel in steps of 12 bytes, two pairs.
  template <int kParts>
  struct PixelSums {
    __m256i sum[kParts];

    explicit PixelSums(int shift) {
      for (__m256i& s : sum) s = _mm256_setzero_si256();
      sum[kParts - 1] = _mm256_set1_epi32(kHalf >> shift);
    }

    void Add(__m256i rows, __m128i order, const int32_t* weights) {
      const __m256i taps = _mm256_shuffle_epi8(rows, _mm256_broadcastsi128_si256(order));
      for (int part = 0; part < kParts; ++part) {
        const __m256i weight = _mm256_set1_epi32(weights[part]);
        sum[part] = _mm256_add_epi32(sum[part], _mm256_madd_epi16(taps, weight));
      }
    }
    __m256i Total(int shift) const {
      if constexpr (kParts == 1) return _mm256_srai_epi32(sum[0], kWeightBits - shift);
      return _mm256_srai_epi32(_mm256_add_epi32(sum[1], _mm256_slli_epi32(sum[0], 8)), kWeightBits);
    }
  };

  static __m256i TwoRows(const uint8_t* row0, const uint8_t* row1) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row0));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row1));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
  }

  template <int kParts>
  static void PixelRows(const PackedAxis& axis, const SourceRows& source, uint8_t* out) {
    // Channel c in lane c; the lanes left over are overwritten by the next pixel.
    constexpr char k = kChannels;
    const __m128i order =
        _mm_setr_epi8(0, -1, k, -1, 1, -1, k + 1, -1, 2, -1, k + 2, -1, 3, -1, k + 3, -1);
    const __m128i interleave = _mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
    constexpr int step = 2 * kChannels;
    const auto* weights = reinterpret_cast<const int32_t*>(axis.weights.data());
    for (size_t i = 0; i < axis.blocks.size(); ++i, out += kChannels * kRows) {
      const uint8_t* pixel[kRows];
      for (int r = 0; r < kRows; ++r) {
        pixel[r] = source.At(r, axis.plan.start[i]);
        _mm_prefetch(pixel[r] + source.next, _MM_HINT_T1);
      }
      PixelSums<kParts> first(axis.shift), second(axis.shift);
      for (int pair = 0; pair < axis.blocks[i]; ++pair, weights += kParts) {
        first.Add(TwoRows(pixel[0] + step * pair, pixel[1] + step * pair), order, weights);
        second.Add(TwoRows(pixel[2] + step * pair, pixel[3] + step * pair), order, weights);
      }
      // Rows 0 and 2 below, 1 and 3 above, as words, then as bytes side by side.
      const __m256i words = _mm256_packs_epi32(first.Total(axis.shift), second.Total(axis.shift));
      const __m256i bytes = _mm256_packus_epi16(words, words);
      const __m128i rows =
          _mm_unpacklo_epi8(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(rows, interleave));
    }
  }

  using RowsFunction = void (*)(const PackedAxis&, const SourceRows&, uint8_t* out);

  template <int kParts>
  static RowsFunction RowsOf(int shape) {
    constexpr RowsFunction kRowsOf[] = {PixelRows<kParts>,     ColumnRows<kParts, 0>,
                                        ColumnRows<kParts, 1>, ColumnRows<kParts, 2>,
                                        ColumnRows<kParts, 3>, ColumnRows<kParts, 4>};
    static_assert(std::size(kRowsOf) == kPairColumns + kMaxFixedPairs + 1);
    return kRowsOf[shape];
  }

  static void Horizontal(const PackedAxis& horizontal, int begin, int end, const PixelView& source,
                         uint8_t* intermediate) {
    const RowsFunction rows =
        horizontal.parts == 1 ? RowsOf<1>(horizontal.shape) : RowsOf<2>(horizontal.shape);
    const size_t block_bytes = BlockBytes(kChannels * horizontal.plan.count);
    for (int top = begin; top < end; top += kRows) {
      SourceRows four{{}, source.area.left, kRows * source.stride};
      for (int r = 0; r < kRows; ++r) {  // past the end: weight 0
        four.row[r] = source.Row(std::min(top + r, end - 1));
      }
      rows(horizontal, four, intermediate);
      intermediate += block_bytes;
    }
  }

  // A step of the vertical pass: four vectors of columns.
  template <int kParts>
  struct ColumnSums {
    Sums<kParts> sums[4];

    explicit ColumnSums(Vector half)
        : sums{Sums<kParts>(half), Sums<kParts>(half), Sums<kParts>(half), Sums<kParts>(half)} {}

    void AddPair(const uint8_t* source, bool second, const int32_t* words) {
      Vector weights[kParts];
      for (int part = 0; part < kParts; ++part) weights[part] = Simd::Broadcast(words[part]);
      for (size_t v = 0; v < 4; ++v) {
        const Vector bytes = Simd::Load(source + v * kVectorBytes);
        sums[v].Add(second ? Simd::OddBytes(bytes) : Simd::EvenBytes(bytes), weights);
      }
    }

    void Store(Vector bits, uint8_t* out) const {
      Vector result[4];
      for (int v = 0; v < 4; ++v) result[v] = sums[v].Result(bits);
      Simd::StoreUnaligned(out, Simd::Bytes(result));
    }
  };

  template <int kParts>
  static void OutputRow(const PackedAxis& vertical, int row, const uint8_t* intermediate,
                        int skipped, int columns, uint8_t* out) {
    const Vector half = Simd::Broadcast(kHalf >> vertical.shift);
    const Vector bits = Simd::Broadcast(kWeightBits - vertical.shift);
    const PairWindow window = PairWindow::Of(vertical, row);
    const size_t block_bytes = BlockBytes(columns);
    const size_t first_block = static_cast<size_t>(window.first - skipped / kRows);
    const uint8_t* top = intermediate + first_block * block_bytes;
    const auto* first = reinterpret_cast<const int32_t*>(vertical.weights.data()) + window.weights;
    for (int column = 0; column < columns; column += kStep) {
      const uint8_t* source = top + static_cast<size_t>(column) * kRows;
      const int32_t* weights = first;
      ColumnSums<kParts> sums(half);
      if (window.second_pair != 0) {
        sums.AddPair(source, true, weights);
        source += block_bytes;
        weights += kParts;
      }
      for (int block = 0; block < window.whole; ++block, source += block_bytes) {
        sums.AddPair(source, false, weights);
        sums.AddPair(source, true, weights + kParts);
        weights += 2 * kParts;
      }
      if (window.first_pair != 0) sums.AddPair(source, false, weights);
      sums.Store(bits, out + column);
    }
  }

  static void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate,
                       int skipped, int columns, uint8_t* out) {
    const auto output_row = vertical.parts == 1 ? OutputRow<1> : OutputRow<2>;
    output_row(vertical, row, intermediate, skipped, columns, out);
  }
};

template <typename Simd>
constexpr ResampleKernels PairKernels() {
  return {PairKernel<Simd, 1>::Make(), PairKernel<Simd, 3>::Make(), PairKernel<Simd, 4>::Make()};
}

}  // namespace regcore
