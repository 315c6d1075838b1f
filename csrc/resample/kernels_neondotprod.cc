// NEON with dot products of bytes (sdot, Armv8.2).
//
// Exactness: sdot multiplies signed bytes, so pixels go in as p - 128, which flips their top bit,
// and a weight k, |k| < 1.98 * 2^22, as k = d0 + 256 d1 + 65536 d2 with signed bytes d. It adds
// four products per lane to 32 bits without saturation. The sum of k (p - 128) lacks 128 times the
// sum of k, which is what it begins with, beside one half. All of that is taken modulo 2^32, as is
// the recombination of the digits: that of Pillow's int32 sum, hence equal to it.
//
// Intermediate: blocks of four rows, byte-interleaved (column 0 of rows 0..3, column 1 of rows
// 0..3, ...), each value less 128: the four taps of a lane of the vertical pass.
#include <arm_neon.h>

#include <algorithm>

#include "resample/clip_neon-inl.h"
#include "resample/weights_neon_dot.h"

namespace regcore {
namespace {

constexpr int kDigits = kDotDigits;
constexpr int kBlock = kDotBlock;
constexpr int kVector = kDotVector;
constexpr int kStep = 32;  // columns of the vertical pass

size_t BlockBytes(int columns) {
  return static_cast<size_t>((columns + kStep - 1) / kStep) * kStep * kBlock;
}

size_t IntermediateBytes(int rows, int columns) {
  return static_cast<size_t>((rows + kBlock - 1) / kBlock) * BlockBytes(columns);
}

// p → p - 128 and back.
inline uint8x16_t FlipSign(uint8x16_t x) { return veorq_u8(x, vdupq_n_u8(0x80)); }

inline uint32x4_t Recombine(const int32x4_t sum[kDigits]) {
  const int32x4_t high = vaddq_s32(vshlq_n_s32(sum[1], 8), vshlq_n_s32(sum[2], 16));
  return vreinterpretq_u32_s32(vaddq_s32(sum[0], high));
}

void FourRows(const PackedAxis& axis, const uint8_t* const row[kBlock], int left, uint8_t* out) {
  const uint8x16_t transpose = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  const uint8_t* packed = axis.weights.data();
  const int32_t* plan = axis.blocks.data();
  const int32_t* const end = plan + axis.blocks.size();
  while (plan < end) {
    const int32x4_t beginning = vld1q_s32(reinterpret_cast<const int32_t*>(packed));
    packed += kVector;
    int32x4_t sum[kBlock][kDigits];
    for (auto& s : sum) {
      s[0] = beginning;
      s[1] = s[2] = vdupq_n_s32(0);
    }
    for (int load = *plan++; load > 0; --load, packed += (1 + kDigits) * kVector) {
      const ptrdiff_t offset = 3 * ptrdiff_t{*plan++ - left};
      const uint8x16_t index = vld1q_u8(packed);
      int8x16_t weights[kDigits];
      for (int d = 0; d < kDigits; ++d) {
        weights[d] = vreinterpretq_s8_u8(vld1q_u8(packed + (1 + d) * kVector));
      }
      for (int r = 0; r < kBlock; ++r) {
        const uint8x16_t taps = FlipSign(vqtbl1q_u8(vld1q_u8(row[r] + offset), index));
        for (int d = 0; d < kDigits; ++d) {
          sum[r][d] = vdotq_s32(sum[r][d], vreinterpretq_s8_u8(taps), weights[d]);
        }
      }
    }
    uint32x4_t total[kBlock];
    for (int r = 0; r < kBlock; ++r) total[r] = Recombine(sum[r]);
    vst1q_u8(out, FlipSign(vqtbl1q_u8(Clip(total), transpose)));
    out += kVector;
  }
}

void Horizontal(const PackedAxis& horizontal, int begin, int end, const PixelView& source,
                uint8_t* intermediate) {
  const size_t block_bytes = BlockBytes(3 * horizontal.plan.count);
  for (int top = begin; top < end; top += kBlock) {
    const uint8_t* row[kBlock];
    for (int r = 0; r < kBlock; ++r) {
      row[r] = source.Row(std::min(top + r, end - 1));  // past the end: weight 0
    }
    FourRows(horizontal, row, source.area.left, intermediate);
    intermediate += block_bytes;
  }
}

void Vertical(const PackedAxis& vertical, int row, const uint8_t* intermediate, int skipped,
              int columns, uint8_t* out) {
  constexpr int kVectors = kStep / kDotLanes;
  const DotWindow window = DotWindow::Of(vertical, row);
  const size_t block_bytes = BlockBytes(columns);
  const size_t first_block = static_cast<size_t>(window.first - skipped / kBlock);
  const uint8_t* top = intermediate + first_block * block_bytes;
  const auto* words = reinterpret_cast<const int32_t*>(vertical.weights.data()) + window.weights;
  for (int column = 0; column < columns; column += kStep) {
    const uint8_t* source = top + static_cast<size_t>(column) * kBlock;
    int32x4_t sum[kVectors][kDigits];
    for (auto& s : sum) {
      s[0] = vdupq_n_s32(words[0]);
      s[1] = s[2] = vdupq_n_s32(0);
    }
    for (int block = 0; block < window.blocks; ++block, source += block_bytes) {
      const int8x16_t weights = vreinterpretq_s8_s32(vld1q_s32(words + 1 + 4 * block));
      for (int v = 0; v < kVectors; ++v) {
        const int8x16_t taps = vreinterpretq_s8_u8(vld1q_u8(source + kVector * v));
        sum[v][0] = vdotq_laneq_s32(sum[v][0], taps, weights, 0);
        sum[v][1] = vdotq_laneq_s32(sum[v][1], taps, weights, 1);
        sum[v][2] = vdotq_laneq_s32(sum[v][2], taps, weights, 2);
      }
    }
    uint32x4_t total[kVectors];
    for (int v = 0; v < kVectors; ++v) total[v] = Recombine(sum[v]);
    vst1q_u8(out + column, Clip(total));
    vst1q_u8(out + column + kVector, Clip(total + 4));
  }
}

}  // namespace

const ResampleKernel kResampleNeonDotprod = {PackDotColumns,    PackDotRows, BlockBytes,
                                             IntermediateBytes, Horizontal,  Vertical};

}  // namespace regcore
