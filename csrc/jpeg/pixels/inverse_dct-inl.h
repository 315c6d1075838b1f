// The inverse DCT of kernels_portable.cc for vectors: every 128 bits of one hold 8 numbers of
// 16 bits of one block. Lanes, an instruction set, has
//
//   Vector, kBlocks             its registers, and blocks in one
//   Wide                        8 numbers of 32 bits for each block, in an order of its own
//   Load, StoreZero, Row        of coefficients; a row of steps, the same for all blocks
//   Broadcast(value)            the same everywhere, Wide
//   Add, Subtract, Multiply     modulo 2^16, or 2^32 if Wide
//   Min, Max
//   Combine(a, b, ka, kb)       a * ka + b * kb, Wide
//   Combine(sum, a, b, ka, kb)  the same and a Wide, which some processors add at no cost
//   Narrow<shift>(wide)         wide >> shift
//   Transpose(x)                8 vectors as the rows of a matrix, block by block
//   MagnitudeSum(sum, x, step)  adds to a Wide whose numbers together are the sum of |x * step|
//   OutOfRange(sum, low, high)  whether, in any block, the sum is above kMaxCoefficientSum, or a
//                               pixel of low or high beyond kMaxPixelMagnitude
//   StoreSamples(x, out, stride)  x[column] + 128, clamped to bytes, as rows
//
// Constants are differences and sums of those of the plain form, multiplied out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jpeg/pixels/block_groups.h"
#include "jpeg/pixels/kernels.h"

namespace regcore {

template <typename Lanes, int kShift>
inline void TransformLanes(typename Lanes::Vector (&x)[8]) {
  using Vector = typename Lanes::Vector;
  using Wide = typename Lanes::Wide;
  const Wide even2 = Lanes::Combine(x[2], x[6], 4433, 4433 - 15137);
  const Wide even3 = Lanes::Combine(x[2], x[6], 4433 + 6270, 4433);
  const Wide half = Lanes::Broadcast(1 << (kShift - 1));
  const Wide even0 = Lanes::Combine(half, x[0], x[4], 8192, 8192);
  const Wide even1 = Lanes::Combine(half, x[0], x[4], 8192, -8192);

  const Vector z3 = Lanes::Add(x[7], x[3]);
  const Vector z4 = Lanes::Add(x[5], x[1]);
  const Wide turn3 = Lanes::Combine(z3, z4, 9633 - 16069, 9633);
  const Wide turn4 = Lanes::Combine(z3, z4, 9633, 9633 - 3196);
  const Wide odd[4] = {
      Lanes::Combine(turn4, x[7], x[1], -7373, 12299 - 7373),
      Lanes::Combine(turn3, x[5], x[3], -20995, 25172 - 20995),
      Lanes::Combine(turn4, x[5], x[3], 16819 - 20995, -20995),
      Lanes::Combine(turn3, x[7], x[1], 2446 - 7373, -7373),
  };
  const Wide even[4] = {Lanes::Add(even0, even3), Lanes::Add(even1, even2),
                        Lanes::Subtract(even1, even2), Lanes::Subtract(even0, even3)};
  for (int i = 0; i < 4; ++i) {
    x[i] = Lanes::template Narrow<kShift>(Lanes::Add(even[i], odd[i]));
    x[7 - i] = Lanes::template Narrow<kShift>(Lanes::Subtract(even[i], odd[i]));
  }
}

template <typename Lanes>
bool InverseDctLanes(int16_t* blocks, size_t groups, const int16_t* steps, uint8_t* samples,
                     ptrdiff_t stride) {
  using Vector = typename Lanes::Vector;
  using Wide = typename Lanes::Wide;
  bool out_of_range = false;
  for (size_t g = 0; g < groups; ++g) {
    int16_t* const group = blocks + g * Lanes::kBlocks * kBlockSize;
    Vector x[8];
    Wide sum = Lanes::Broadcast(0);
    for (int row = 0; row < 8; ++row) {
      int16_t* const coefficients = group + row * 8 * Lanes::kBlocks;
      const Vector step = Lanes::Row(steps + 8 * row);
      const Vector coefficient = Lanes::Load(coefficients);
      Lanes::StoreZero(coefficients);
      sum = Lanes::MagnitudeSum(sum, coefficient, step);
      x[row] = Lanes::Multiply(coefficient, step);
    }
    TransformLanes<Lanes, 13 - 2>(x);
    Lanes::Transpose(x);
    TransformLanes<Lanes, 13 + 2 + 3>(x);
    Vector low = x[0], high = x[0];
    for (int column = 1; column < 8; ++column) {
      low = Lanes::Min(low, x[column]);
      high = Lanes::Max(high, x[column]);
    }
    out_of_range |= Lanes::OutOfRange(sum, low, high);
    Lanes::StoreSamples(x, samples + g * 8 * Lanes::kBlocks, stride);
  }
  return !out_of_range;
}

}  // namespace regcore
