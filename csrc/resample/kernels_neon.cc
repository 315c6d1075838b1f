// NEON, base instruction set of aarch64.
//
// Exactness: the 22-bit weights stay whole. The sums are 32-bit and wrap, so each is Pillow's int32
// sum modulo 2^32, hence equals it.
//
// Per four products one table lookup, which widens bytes straight to 32 bits, and one multiply-add:
// 16-bit halves need two multiply-adds and half a widening, in as many multiplier cycles
// (Neoverse N1 takes two for a 32-bit multiply-add, one for a 16-bit one).
//
// Intermediate: plain RGB8 rows at a fixed stride; their number is rounded up to four.
#include <arm_neon.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "resample/clip_neon-inl.h"
#include "resample/kernels.h"

namespace regcore {
namespace {

constexpr int kBlockRows = 4;   // horizontally, lanes are rows
constexpr int kStepTaps = 4;    // taps per load of a row
constexpr int kStepPixels = 4;  // pixels per store of a row
constexpr int kStepColumns = 32;
constexpr uint32_t kPastTable = 0xFFFFFF00u;  // three table indices that give zero
constexpr uint32_t kHalf = 1u << (kWeightBits - 1);

size_t RoundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// The store of the last four pixels reaches up to 13 bytes past the last column.
size_t RowBytes(int columns) { return RoundUp(static_cast<size_t>(columns) + 13, kStepColumns); }

size_t BlockBytes(int columns) { return kBlockRows * RowBytes(columns); }

size_t IntermediateBytes(int rows, int columns) {
  return RoundUp(static_cast<size_t>(rows), kBlockRows) * RowBytes(columns);
}

// What `blocks` holds per pixel, for a number of pixels rounded up to four: the last one repeats.
struct PixelPlan {
  int32_t start;
  int32_t steps;
  int32_t weights;  // index of the first one
};

constexpr size_t kPixelPlanInts = 3;

PixelPlan PixelPlanAt(const PackedAxis& axis, size_t pixel) {
  const int32_t* plan = axis.blocks.data() + kPixelPlanInts * pixel;
  return {plan[0], plan[1], plan[2]};
}

// Each pixel's weights, rounded up to whole steps with zeros.
Status PackHorizontal(PackedAxis* axis) {
  const AxisPlan& plan = axis->plan;
  const size_t count = static_cast<size_t>(plan.count);
  size_t total = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t steps = RoundUp(static_cast<size_t>(plan.length[i]), kStepTaps) / kStepTaps;
    const size_t copies = i + 1 < count ? 1 : RoundUp(count, kStepPixels) - i;
    for (size_t copy = 0; copy < copies; ++copy) {
      axis->blocks.insert(axis->blocks.end(), {plan.start[i], static_cast<int32_t>(steps),
                                               static_cast<int32_t>(total)});
    }
    total += steps * kStepTaps;
  }
  REGCORE_RETURN_IF_ERROR(axis->weights.Reserve(total * sizeof(int32_t)));
  std::memset(axis->weights.data(), 0, total * sizeof(int32_t));
  auto* out = reinterpret_cast<int32_t*>(axis->weights.data());
  for (size_t i = 0; i < count; ++i) {
    const int32_t* weights = plan.weights.data() + i * static_cast<size_t>(plan.taps);
    std::copy_n(weights, plan.length[i], out + PixelPlanAt(*axis, i).weights);
  }
  return {};
}

Status PackVertical(PackedAxis*) { return {}; }  // the plan's own order will do

inline uint8x16_t IndexTable(uint32x4_t first, uint32_t step) {
  return vreinterpretq_u8_u32(vaddq_u32(first, vdupq_n_u32(step)));
}

inline uint32x4_t Lookup(uint8x16_t bytes, uint8x16_t index) {
  return vreinterpretq_u32_u8(vqtbl1q_u8(bytes, index));
}

// Vector j of the result: bytes 4j..4j+3 of the four rows.
inline void Transpose(const uint8x16_t (&row)[kBlockRows], uint8x16_t (&result)[3]) {
  uint32x4_t words[kBlockRows];
  for (int r = 0; r < kBlockRows; ++r) words[r] = vreinterpretq_u32_u8(row[r]);
  const uint64x2_t even01 = vreinterpretq_u64_u32(vtrn1q_u32(words[0], words[1]));
  const uint64x2_t even23 = vreinterpretq_u64_u32(vtrn1q_u32(words[2], words[3]));
  const uint64x2_t odd01 = vreinterpretq_u64_u32(vtrn2q_u32(words[0], words[1]));
  const uint64x2_t odd23 = vreinterpretq_u64_u32(vtrn2q_u32(words[2], words[3]));
  result[0] = vreinterpretq_u8_u64(vzip1q_u64(even01, even23));
  result[1] = vreinterpretq_u8_u64(vzip1q_u64(odd01, odd23));
  result[2] = vreinterpretq_u8_u64(vzip2q_u64(even01, even23));
}

// kByte = 3 tap + colour.
template <int kByte>
inline void AddByte(const uint8x16_t (&bytes)[3], const uint8x16_t (&widen)[4], uint32x4_t weights,
                    uint32x4_t* sums) {
  sums[kByte % 3] = vmlaq_laneq_u32(sums[kByte % 3], Lookup(bytes[kByte / 4], widen[kByte % 4]),
                                    weights, kByte / 3);
}

template <int... kByte>
inline void AddStep(const uint8x16_t (&bytes)[3], const uint8x16_t (&widen)[4], uint32x4_t weights,
                    uint32x4_t* sums, std::integer_sequence<int, kByte...>) {
  (AddByte<kByte>(bytes, widen, weights, sums), ...);
}

// One sum per colour; lane r is row r.
inline void Pixel(const int32_t* weights, int steps, const uint8_t* const row[kBlockRows],
                  ptrdiff_t offset, const uint8x16_t (&widen)[4], uint32x4_t* result) {
  uint32x4_t sums[3];
  for (auto& sum : sums) sum = vdupq_n_u32(kHalf);
  for (int step = 0; step < steps; ++step, offset += 3 * kStepTaps, weights += kStepTaps) {
    uint8x16_t source[kBlockRows];
    for (int r = 0; r < kBlockRows; ++r) source[r] = vld1q_u8(row[r] + offset);
    uint8x16_t bytes[3];
    Transpose(source, bytes);
    AddStep(bytes, widen, vreinterpretq_u32_s32(vld1q_s32(weights)), sums,
            std::make_integer_sequence<int, 3 * kStepTaps>());
  }
  std::copy_n(sums, 3, result);
}

// Twelve columns of four rows. Each store's last four bytes are overwritten by the next.
inline void StoreRows(const uint32x4_t* sums, uint8_t* out, size_t row_bytes) {
  const uint8x16_t transpose = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  uint32x4_t words[3];  // lane r: four columns of row r
  for (int j = 0; j < 3; ++j) words[j] = Lookup(Clip(sums + 4 * j), transpose);
  const uint32x4_t outer01 = vzip1q_u32(words[0], words[2]);
  const uint32x4_t outer23 = vzip2q_u32(words[0], words[2]);
  const uint32x4_t inner01 = vzip1q_u32(words[1], words[1]);
  const uint32x4_t inner23 = vzip2q_u32(words[1], words[1]);
  const uint32x4_t rows[kBlockRows] = {vzip1q_u32(outer01, inner01), vzip2q_u32(outer01, inner01),
                                       vzip1q_u32(outer23, inner23), vzip2q_u32(outer23, inner23)};
  for (size_t r = 0; r < kBlockRows; ++r) {
    vst1q_u8(out + r * row_bytes, vreinterpretq_u8_u32(rows[r]));
  }
}

void FourRows(const PackedAxis& axis, int left, const uint8_t* const row[kBlockRows], uint8_t* out,
              size_t row_bytes) {
  const uint32x4_t first = {kPastTable | 0, kPastTable | 4, kPastTable | 8, kPastTable | 12};
  const uint8x16_t widen[4] = {IndexTable(first, 0), IndexTable(first, 1), IndexTable(first, 2),
                               IndexTable(first, 3)};
  const auto* weights = reinterpret_cast<const int32_t*>(axis.weights.data());
  const size_t count = axis.blocks.size() / kPixelPlanInts;
  for (size_t i = 0; i < count; i += kStepPixels, out += 3 * kStepPixels) {
    uint32x4_t sums[3 * kStepPixels];
    for (size_t p = 0; p < kStepPixels; ++p) {
      const PixelPlan plan = PixelPlanAt(axis, i + p);
      const ptrdiff_t offset = 3 * ptrdiff_t{plan.start - left};
      Pixel(weights + plan.weights, plan.steps, row, offset, widen, sums + 3 * p);
    }
    StoreRows(sums, out, row_bytes);
  }
}

void Horizontal(const PackedAxis& horizontal, int begin, int end, const PixelView& source,
                uint8_t* intermediate) {
  const size_t row_bytes = RowBytes(3 * horizontal.plan.count);
  for (int top = begin; top < end; top += kBlockRows) {
    const uint8_t* row[kBlockRows];
    for (int r = 0; r < kBlockRows; ++r) {
      row[r] = source.Row(std::min(top + r, end - 1));  // past the end: not used
    }
    FourRows(horizontal, source.area.left, row, intermediate, row_bytes);
    intermediate += kBlockRows * row_bytes;
  }
}

// Sums of 32 columns, from `top` downwards.
inline void Columns(const int32_t* weights, int length, const uint8_t* top, size_t row_bytes,
                    const uint8x16_t (&widen)[4], uint32x4_t (&sums)[8]) {
  for (auto& sum : sums) sum = vdupq_n_u32(kHalf);
  for (int t = 0; t < length; ++t, top += row_bytes) {
    const uint32_t weight = static_cast<uint32_t>(weights[t]);
    for (int v = 0; v < 8; ++v) {
      const uint32x4_t lanes = Lookup(vld1q_u8(top + v / 4 * 16), widen[v % 4]);
      sums[v] = vmlaq_n_u32(sums[v], lanes, weight);
    }
  }
}

void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate, int skipped,
              int columns, uint8_t* out) {
  const AxisPlan& plan = vertical.plan;
  const size_t i = static_cast<size_t>(row);
  const int32_t* weights = plan.weights.data() + i * static_cast<size_t>(plan.taps);
  const size_t row_bytes = RowBytes(columns);
  const int first_row = plan.start[i] - plan.input_begin() - skipped;
  const uint8_t* top = intermediate + static_cast<size_t>(first_row) * row_bytes;
  const uint32x4_t first = {kPastTable | 0, kPastTable | 1, kPastTable | 2, kPastTable | 3};
  const uint8x16_t widen[4] = {IndexTable(first, 0), IndexTable(first, 4), IndexTable(first, 8),
                               IndexTable(first, 12)};
  for (int column = 0; column < columns; column += kStepColumns) {
    uint32x4_t sums[8];
    Columns(weights, plan.length[i], top + column, row_bytes, widen, sums);
    vst1q_u8(out + column, Clip(sums));
    vst1q_u8(out + column + 16, Clip(sums + 4));
  }
}

}  // namespace

const ResampleKernel kResampleNeon = {PackHorizontal,    PackVertical, BlockBytes,
                                      IntermediateBytes, Horizontal,   Vertical};

}  // namespace regcore
