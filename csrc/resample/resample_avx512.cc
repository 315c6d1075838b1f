// AVX-512 with VBMI and VNNI.
//
// Exactness: a weight k, |k| < 1.98 * 2^22, is written as k = d0 + 256 d1 + 65536 d2 with signed
// bytes d. vpdpbusd adds four products uint8 x int8 per 32-bit lane without saturation, so the
// three sums are exact, and their recombination equals Pillow's int32 sum modulo 2^32, hence equals
// it.
//
// Intermediate: blocks of four rows, byte-interleaved (column 0 of rows 0..3, column 1 of rows
// 0..3, ...): the horizontal pass produces four rows at once, and the vertical pass finds the four
// taps of a lane side by side.
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "resample/resample.h"

namespace regcore {
namespace {

constexpr int kDigits = 3;
constexpr int kBlockRows = 4;    // rows per block, and taps per vpdpbusd lane
constexpr int kGroupPixels = 5;  // 5 pixels x 3 colours fill 15 of 16 lanes
constexpr int kWideTaps = 16;    // taps per step when one pixel fills the register
constexpr size_t kVector = 64;   // bytes
constexpr int32_t kHalf = 1 << (kWeightBits - 1);

// The `digit`-th balanced base-256 digit of a weight, as a byte: adding 128 to every digit makes
// them the ordinary digits of another number, and flipping the top bit takes the 128 off again.
uint8_t Digit(int32_t weight, int digit) {
  const uint32_t digits = (static_cast<uint32_t>(weight) + 0x808080u) ^ 0x808080u;
  return static_cast<uint8_t>(digits >> (8 * digit));
}

int32_t WeightAt(const AxisPlan& plan, int i, int tap) {
  if (i >= plan.count || tap < 0 || tap >= plan.length[static_cast<size_t>(i)]) return 0;
  return plan
      .weights[static_cast<size_t>(i) * static_cast<size_t>(plan.taps) + static_cast<size_t>(tap)];
}

int32_t StartAt(const AxisPlan& plan, int i) {
  return plan.start[static_cast<size_t>(std::min(i, plan.count - 1))];
}

int DivideUp(int a, int b) { return (a + b - 1) / b; }

size_t BlockBytes(int columns) {
  return static_cast<size_t>(DivideUp(columns, 64)) * 64 * kBlockRows;
}

size_t IntermediateBytes(int rows, int columns) {
  return static_cast<size_t>(DivideUp(rows, kBlockRows)) * BlockBytes(columns) + kVector;
}

// Lane 3p + c of a group is colour c of its pixel p; byte t of the lane is tap t.
// A group: one vector of byte indices, then per four taps one vector per digit.
Status PackNarrow(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  const int groups = DivideUp(plan.count, kGroupPixels);
  size_t vectors = 0;
  for (int g = 0; g < groups; ++g) {
    int longest = 0;
    for (int p = g * kGroupPixels; p < std::min((g + 1) * kGroupPixels, plan.count); ++p) {
      longest = std::max(longest, plan.length[static_cast<size_t>(p)]);
    }
    axis->blocks.push_back(DivideUp(longest, kBlockRows));
    vectors += 1 + kDigits * static_cast<size_t>(axis->blocks.back());
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(vectors * kVector));
  std::memset(axis->weights.data(), 0, vectors * kVector);
  uint8_t* out = axis->weights.data();
  for (int g = 0; g < groups; ++g) {
    const int first = g * kGroupPixels;
    for (int lane = 0; lane < 3 * kGroupPixels; ++lane) {
      const int offset = 3 * (StartAt(plan, first + lane / 3) - StartAt(plan, first)) + lane % 3;
      for (int t = 0; t < kBlockRows; ++t) {
        out[4 * lane + t] = static_cast<uint8_t>(offset + 3 * t);
      }
    }
    out += kVector;
    for (int block = 0; block < axis->blocks[static_cast<size_t>(g)]; ++block) {
      for (int digit = 0; digit < kDigits; ++digit, out += kVector) {
        for (int lane = 0; lane < 3 * kGroupPixels; ++lane) {
          for (int t = 0; t < kBlockRows; ++t) {
            const int32_t weight = WeightAt(plan, first + lane / 3, kBlockRows * block + t);
            out[4 * lane + t] = Digit(weight, digit);
          }
        }
      }
    }
  }
  return {};
}

// One pixel a step: lane 4q + c is colour c of taps 4q..4q+3 of sixteen.
Status PackWide(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  size_t vectors = 0;
  for (int length : plan.length) {
    axis->blocks.push_back(DivideUp(length, kWideTaps));
    vectors += kDigits * static_cast<size_t>(axis->blocks.back());
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(vectors * kVector));
  std::memset(axis->weights.data(), 0, vectors * kVector);
  uint8_t* out = axis->weights.data();
  for (int i = 0; i < plan.count; ++i) {
    for (int block = 0; block < axis->blocks[static_cast<size_t>(i)]; ++block) {
      for (int digit = 0; digit < kDigits; ++digit, out += kVector) {
        for (int t = 0; t < kWideTaps; ++t) {
          const uint8_t d = Digit(WeightAt(plan, i, kWideTaps * block + t), digit);
          for (int c = 0; c < 3; ++c) out[4 * (t / 4 * 4 + c) + t % 4] = d;
        }
      }
    }
  }
  return {};
}

Status PackHorizontal(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  for (int first = 0; first < plan.count; first += kGroupPixels) {
    // The last byte that a group's first step reads must lie in one vector.
    const int last = StartAt(plan, first + kGroupPixels - 1) - StartAt(plan, first);
    axis->wide |= 3 * last + 3 * (kBlockRows - 1) + 2 >= static_cast<int>(kVector);
  }
  return axis->wide ? PackWide(axis) : PackNarrow(axis);
}

// Per output row: the first of its blocks of four intermediate rows, and how many; the weights of a
// block are one 32-bit word (four rows) per digit.
Status PackVertical(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  size_t total = 0;
  for (int i = 0; i < plan.count; ++i) {
    const int begin = StartAt(plan, i) - plan.input_begin();
    const int end = begin + plan.length[static_cast<size_t>(i)];
    axis->blocks.push_back(begin / kBlockRows);
    axis->blocks.push_back(DivideUp(end, kBlockRows) - begin / kBlockRows);
    axis->blocks.push_back(static_cast<int32_t>(total));
    total += kDigits * static_cast<size_t>(axis->blocks[3 * static_cast<size_t>(i) + 1]);
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(total * sizeof(int32_t)));
  uint8_t* out = axis->weights.data();
  for (int i = 0; i < plan.count; ++i) {
    const int32_t* range = axis->blocks.data() + 3 * static_cast<size_t>(i);
    const int start = StartAt(plan, i) - plan.input_begin();
    for (int block = range[0]; block < range[0] + range[1]; ++block) {
      for (int digit = 0; digit < kDigits; ++digit) {
        for (int t = 0; t < kBlockRows; ++t) {
          const int32_t weight = WeightAt(plan, i, kBlockRows * block + t - start);
          *out++ = Digit(weight, digit);
        }
      }
    }
  }
  return {};
}

// (sum0 + 256 sum1 + 65536 sum2) >> 22; sum0 began at one half.
inline __m512i Recombine(const __m512i sum[kDigits]) {
  const __m512i high =
      _mm512_add_epi32(_mm512_slli_epi32(sum[1], 8), _mm512_slli_epi32(sum[2], 16));
  return _mm512_srai_epi32(_mm512_add_epi32(sum[0], high), kWeightBits);
}

inline void Begin(__m512i sum[kDigits]) {
  sum[0] = _mm512_set1_epi32(kHalf);
  sum[1] = _mm512_setzero_si512();
  sum[2] = _mm512_setzero_si512();
}

// Adds the taps that `index` picks from one vector of pixels, with the weights of their block.
inline void AddBlock(const uint8_t* pixels, __m512i index, const uint8_t* weights,
                     __m512i sum[kDigits]) {
  const __m512i taps = _mm512_permutexvar_epi8(index, _mm512_loadu_si512(pixels));
  for (int d = 0; d < kDigits; ++d) {
    const __m512i weight = _mm512_load_si512(weights + static_cast<size_t>(d) * kVector);
    sum[d] = _mm512_dpbusd_epi32(sum[d], taps, weight);
  }
}

// Four rows of int32 lanes → bytes clipped to 0..255, the four rows of a lane side by side.
inline __m512i Interleave(const __m512i row[kBlockRows]) {
  const __m512i transpose =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const __m512i bytes =
      _mm512_packus_epi16(_mm512_packs_epi32(row[0], row[1]), _mm512_packs_epi32(row[2], row[3]));
  return _mm512_shuffle_epi8(bytes, transpose);
}

void NarrowRows(const PackedAxis& axis, int left, const uint8_t* const row[kBlockRows],
                uint8_t* out) {
  const uint8_t* packed = axis.weights.data();
  int first = 0;
  for (int32_t blocks : axis.blocks) {
    const ptrdiff_t offset = 3 * ptrdiff_t{axis.plan.start[static_cast<size_t>(first)] - left};
    const __m512i index = _mm512_load_si512(packed);
    packed += kVector;
    __m512i sum[kBlockRows][kDigits];
    for (auto& s : sum) Begin(s);
    for (int block = 0; block < blocks; ++block, packed += kDigits * kVector) {
      for (int r = 0; r < kBlockRows; ++r) {
        AddBlock(row[r] + offset + 3 * kBlockRows * block, index, packed, sum[r]);
      }
    }
    __m512i result[kBlockRows];
    for (int r = 0; r < kBlockRows; ++r) result[r] = Recombine(sum[r]);
    _mm512_storeu_si512(out, Interleave(result));
    out += 3 * kGroupPixels * kBlockRows;  // the 16th lane is overwritten by the next group
    first += kGroupPixels;
  }
}

void WideRows(const PackedAxis& axis, int left, const uint8_t* const row[kBlockRows],
              uint8_t* out) {
  alignas(kVector) uint8_t index_bytes[kVector] = {};
  for (int t = 0; t < kWideTaps; ++t) {
    for (int c = 0; c < 3; ++c)
      index_bytes[4 * (t / 4 * 4 + c) + t % 4] = static_cast<uint8_t>(3 * t + c);
  }
  const __m512i index = _mm512_load_si512(index_bytes);
  const uint8_t* packed = axis.weights.data();
  for (size_t i = 0; i < axis.blocks.size(); ++i) {
    const ptrdiff_t offset = 3 * ptrdiff_t{axis.plan.start[i] - left};
    __m512i sum[kBlockRows][kDigits];
    for (auto& s : sum) {
      for (auto& digit : s) digit = _mm512_setzero_si512();
    }
    for (int block = 0; block < axis.blocks[i]; ++block, packed += kDigits * kVector) {
      for (int r = 0; r < kBlockRows; ++r) {
        AddBlock(row[r] + offset + 3 * kWideTaps * block, index, packed, sum[r]);
      }
    }
    __m512i result[kBlockRows];
    for (int r = 0; r < kBlockRows; ++r) {
      __m512i total =
          _mm512_add_epi32(_mm512_slli_epi32(sum[r][1], 8), _mm512_slli_epi32(sum[r][2], 16));
      total = _mm512_add_epi32(total, sum[r][0]);
      total = _mm512_add_epi32(total, _mm512_shuffle_i32x4(total, total, 0x4E));  // q ^ 2
      total = _mm512_add_epi32(total, _mm512_shuffle_i32x4(total, total, 0xB1));  // q ^ 1
      result[r] = _mm512_srai_epi32(_mm512_add_epi32(total, _mm512_set1_epi32(kHalf)), kWeightBits);
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_castsi512_si128(Interleave(result)));
    out += 3 * kBlockRows;  // the fourth lane is overwritten by the next pixel
  }
}

void Horizontal(const PackedAxis& horizontal, const AxisPlan& vertical, const RgbView& source,
                uint8_t* intermediate) {
  const size_t block_bytes = BlockBytes(3 * horizontal.plan.count);
  for (int top = vertical.input_begin(); top < vertical.input_end(); top += kBlockRows) {
    const uint8_t* row[kBlockRows];
    for (int r = 0; r < kBlockRows; ++r) {
      row[r] = source.Row(std::min(top + r, vertical.input_end() - 1));  // past the end: weight 0
    }
    (horizontal.wide ? WideRows : NarrowRows)(horizontal, source.area.left, row, intermediate);
    intermediate += block_bytes;
  }
}

void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate, int columns,
              uint8_t* out) {
  const int32_t* range = vertical.blocks.data() + 3 * static_cast<size_t>(row);
  const size_t block_bytes = BlockBytes(columns);
  const uint8_t* top = intermediate + static_cast<size_t>(range[0]) * block_bytes;
  const int32_t* weights = reinterpret_cast<const int32_t*>(vertical.weights.data()) + range[2];
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  for (int column = 0; column < columns; column += 64) {
    const uint8_t* source = top + static_cast<size_t>(column) * kBlockRows;
    __m512i sum[4][kDigits];
    for (auto& s : sum) Begin(s);
    for (int block = 0; block < range[1]; ++block, source += block_bytes) {
      __m512i weight[kDigits];
      for (int d = 0; d < kDigits; ++d) weight[d] = _mm512_set1_epi32(weights[kDigits * block + d]);
      for (int v = 0; v < 4; ++v) {
        const __m512i taps = _mm512_load_si512(source + static_cast<size_t>(v) * kVector);
        for (int d = 0; d < kDigits; ++d) {
          sum[v][d] = _mm512_dpbusd_epi32(sum[v][d], taps, weight[d]);
        }
      }
    }
    const __m512i bytes =
        _mm512_packus_epi16(_mm512_packs_epi32(Recombine(sum[0]), Recombine(sum[1])),
                            _mm512_packs_epi32(Recombine(sum[2]), Recombine(sum[3])));
    _mm512_storeu_si512(out + column, _mm512_permutexvar_epi32(order, bytes));
  }
}

}  // namespace

const ResampleKernel kResampleAvx512 = {PackHorizontal, PackVertical, IntermediateBytes, Horizontal,
                                        Vertical};

}  // namespace regcore
