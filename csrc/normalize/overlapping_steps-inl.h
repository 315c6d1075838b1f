// Rows in whole steps of some pixels, for instruction sets that cannot store part of a vector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "normalize/kernels.h"

namespace regcore {

// Calls step(x) for every kPixels pixels; the last step overlaps the one before, so that nothing is
// written past the row, which is not narrower than a step.
template <int kPixels, typename Step>
void ForEachStep(int width, const Step& step) {
  for (int x = 0;; x += kPixels) {
    if (x + kPixels > width) {
      if (x >= width) return;
      x = width - kPixels;
    }
    step(x);
  }
}

// The kernel of Rows, which has kPixels, and Planar<T>, PlanarBytes and Interleaved<T> for rows of
// at least a step; narrower ones are left to plain loops. Rows must be local to the file that
// instantiates this, for that is compiled for its instruction set.
template <typename Rows>
class SteppedRows {
 public:
  static constexpr NormalizeKernel Make() {
    return {PlanarSingle,      PlanarHalf,      PlanarBytes,
            InterleavedSingle, InterleavedHalf, InterleavedBytes};
  }

 private:
  static bool Narrow(int width) { return width < Rows::kPixels; }

  static void PlanarSingle(const uint8_t* rgb, int width, const NormalizeTable& table,
                           float* const out[3]) {
    if (Narrow(width)) return kNormalizePortable.planar_single(rgb, width, table, out);
    Rows::Planar(rgb, width, table, out);
  }

  static void PlanarHalf(const uint8_t* rgb, int width, const NormalizeTable& table,
                         uint16_t* const out[3]) {
    if (Narrow(width)) return kNormalizePortable.planar_half(rgb, width, table, out);
    Rows::Planar(rgb, width, table, out);
  }

  static void PlanarBytes(const uint8_t* rgb, int width, const NormalizeTable& table,
                          uint8_t* const out[3]) {
    if (Narrow(width)) return kNormalizePortable.planar_bytes(rgb, width, table, out);
    Rows::PlanarBytes(rgb, width, out);
  }

  static void InterleavedSingle(const uint8_t* rgb, int width, const NormalizeTable& table,
                                float* out) {
    if (Narrow(width)) return kNormalizePortable.interleaved_single(rgb, width, table, out);
    Rows::Interleaved(rgb, width, table, out);
  }

  static void InterleavedHalf(const uint8_t* rgb, int width, const NormalizeTable& table,
                              uint16_t* out) {
    if (Narrow(width)) return kNormalizePortable.interleaved_half(rgb, width, table, out);
    Rows::Interleaved(rgb, width, table, out);
  }

  static void InterleavedBytes(const uint8_t* rgb, int width, const NormalizeTable&, uint8_t* out) {
    std::memcpy(out, rgb, 3 * static_cast<size_t>(width));
  }
};

}  // namespace regcore
