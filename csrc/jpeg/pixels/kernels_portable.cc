// Plain loops: what the other instruction sets are tested against.
#include <algorithm>
#include <cstdlib>

#include "jpeg/pixels/block_groups.h"
#include "jpeg/pixels/inks.h"
#include "jpeg/pixels/kernels.h"
#include "jpeg/pixels/upsample_rows-inl.h"
#include "jpeg/pixels/ycc_constants.h"

namespace regcore {
namespace {

// The inverse DCT of Loeffler, Ligtenberg and Moschytz (ICASSP 1989, figure 1) with constants of 13
// bits: 8 numbers, `step` apart, from and to. Each result is (sum + half) >> shift.
constexpr int kFix_0_298631336 = 2446;
constexpr int kFix_0_390180644 = 3196;
constexpr int kFix_0_541196100 = 4433;
constexpr int kFix_0_765366865 = 6270;
constexpr int kFix_0_899976223 = 7373;
constexpr int kFix_1_175875602 = 9633;
constexpr int kFix_1_501321110 = 12299;
constexpr int kFix_1_847759065 = 15137;
constexpr int kFix_1_961570560 = 16069;
constexpr int kFix_2_053119869 = 16819;
constexpr int kFix_2_562915447 = 20995;
constexpr int kFix_3_072711026 = 25172;

void Transform(int* x, int step, int shift) {
  const int even_turn = (x[2 * step] + x[6 * step]) * kFix_0_541196100;
  const int even2 = even_turn - x[6 * step] * kFix_1_847759065;
  const int even3 = even_turn + x[2 * step] * kFix_0_765366865;
  const int even0 = (x[0] + x[4 * step]) * 8192;
  const int even1 = (x[0] - x[4 * step]) * 8192;
  const int even[4] = {even0 + even3, even1 + even2, even1 - even2, even0 - even3};

  const int odd0 = x[7 * step], odd1 = x[5 * step], odd2 = x[3 * step], odd3 = x[step];
  const int turn = (odd0 + odd2 + odd1 + odd3) * kFix_1_175875602;
  const int z1 = -(odd0 + odd3) * kFix_0_899976223;
  const int z2 = -(odd1 + odd2) * kFix_2_562915447;
  const int z3 = turn - (odd0 + odd2) * kFix_1_961570560;
  const int z4 = turn - (odd1 + odd3) * kFix_0_390180644;
  const int odd[4] = {odd3 * kFix_1_501321110 + z1 + z4, odd2 * kFix_3_072711026 + z2 + z3,
                      odd1 * kFix_2_053119869 + z2 + z4, odd0 * kFix_0_298631336 + z1 + z3};

  const int half = 1 << (shift - 1);
  for (int i = 0; i < 4; ++i) {
    x[i * step] = (even[i] + odd[i] + half) >> shift;
    x[(7 - i) * step] = (even[i] - odd[i] + half) >> shift;
  }
}

bool InverseDctOfBlock(int16_t* block, const int16_t* steps, uint8_t* samples, ptrdiff_t stride) {
  int x[64];
  int sum = 0;
  for (int i = 0; i < 64; ++i) {
    x[i] = block[i] * steps[i];
    sum += std::abs(x[i]);
    block[i] = 0;
  }
  if (sum > kMaxCoefficientSum) return false;
  for (int column = 0; column < 8; ++column) Transform(x + column, 8, 13 - 2);
  for (int row = 0; row < 8; ++row) Transform(x + 8 * row, 1, 13 + 2 + 3);
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 8; ++column) {
      const int pixel = x[8 * row + column];
      if (pixel < -kMaxPixelMagnitude - 1 || pixel > kMaxPixelMagnitude) return false;
      samples[row * stride + column] = static_cast<uint8_t>(std::clamp(pixel + 128, 0, 255));
    }
  }
  return true;
}

bool InverseDct(int16_t* blocks, size_t groups, const int16_t* steps, uint8_t* samples,
                ptrdiff_t stride) {
  bool in_range = true;
  for (size_t i = 0; i < groups; ++i) {
    in_range &= InverseDctOfBlock(blocks + i * kBlockSize, steps, samples + 8 * i, stride);
  }
  return in_range;
}

void UpsampleH2V1(const uint8_t* samples, size_t count, uint8_t* out) {
  for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(count); ++i) {
    const int here = 3 * samples[i];
    out[2 * i] = static_cast<uint8_t>((here + samples[i - 1] + 1) >> 2);
    out[2 * i + 1] = static_cast<uint8_t>((here + samples[i + 1] + 2) >> 2);
  }
}

void UpsampleH2V2(const uint8_t* near, const uint8_t* far, size_t count, uint8_t* out) {
  const auto column = [&](ptrdiff_t i) { return 3 * near[i] + far[i]; };
  for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(count); ++i) {
    const int here = 3 * column(i);
    out[2 * i] = static_cast<uint8_t>((here + column(i - 1) + 8) >> 4);
    out[2 * i + 1] = static_cast<uint8_t>((here + column(i + 1) + 7) >> 4);
  }
}

void YccToRgb(const ComponentRows& rows, size_t count, uint8_t* rgb) {
  constexpr int kHalf = 1 << 15;
  const auto clamp = [](int value) { return static_cast<uint8_t>(std::clamp(value, 0, 255)); };
  for (size_t i = 0; i < count; ++i, rgb += 3) {
    const int luma = rows.of[0][i];
    const int blue = rows.of[1][i] - 128;
    const int red = rows.of[2][i] - 128;
    rgb[0] = clamp(luma + ((red * kRedOfCr + kHalf) >> 16));
    rgb[1] = clamp(luma + ((-blue * kGreenOfCb - red * kGreenOfCr + kHalf) >> 16));
    rgb[2] = clamp(luma + ((blue * kBlueOfCb + kHalf) >> 16));
  }
}

void PlanesToRgb(const ComponentRows& rows, size_t count, uint8_t* rgb) {
  for (size_t i = 0; i < count; ++i, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = rows.of[c][i];
  }
}

void CmykRowsToRgb(const ComponentRows& rows, size_t count, uint8_t* rgb) {
  for (size_t i = 0; i < count; ++i, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = ColourOfInk(rows.of[c][i], rows.of[3][i]);
  }
}

void YcckToRgb(const ComponentRows& rows, size_t count, uint8_t* rgb) {
  YccToRgb(rows, count, rgb);
  for (size_t i = 0; i < count; ++i, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = ColourOfInk(255 - rgb[c], rows.of[3][i]);
  }
}

}  // namespace

const PixelKernels kPixelKernelsPortable = {
    1,        InverseDct,  UpsampleH2V1,  UpsampleH2V2, UpsampleH1V2,
    YccToRgb, PlanesToRgb, CmykRowsToRgb, YcckToRgb};

}  // namespace regcore
