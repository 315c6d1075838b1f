// The vertical pass with VBMI and VNNI: 64 columns at a time.
#pragma once

#include <array>

#include "resample/int8_digits_avx512vbmi-inl.h"

namespace regcore {
namespace {  // for one file

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

}  // namespace
}  // namespace regcore
