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

// The kernel of Rows, for rows of at least a step; narrower ones are left to plain loops. Rows has
// kPixels, the first steps Quotient and Product, the Formula of each for three vectors, the forms
// Single, Half, Bfloat16 and Quantized, PlanarStep and InterleavedStep, and PlanarBytes. It must be
// local to the file that instantiates this, for that is compiled for its instruction set.
template <typename Rows>
class SteppedRows {
 public:
  static constexpr NormalizeKernel Make() {
    using Kernel = NormalizeKernel;
    return {Planar<typename Rows::Single, &Kernel::planar_single>,
            Planar<typename Rows::Half, &Kernel::planar_half>,
            Planar<typename Rows::Bfloat16, &Kernel::planar_bfloat16>,
            Planar<typename Rows::Quantized, &Kernel::planar_quantized>,
            PlanarBytes,
            Interleaved<typename Rows::Single, &Kernel::interleaved_single>,
            Interleaved<typename Rows::Half, &Kernel::interleaved_half>,
            Interleaved<typename Rows::Bfloat16, &Kernel::interleaved_bfloat16>,
            Interleaved<typename Rows::Quantized, &Kernel::interleaved_quantized>,
            InterleavedBytes};
  }

 private:
  using Quotient = typename Rows::Quotient;
  using Product = typename Rows::Product;

  template <typename Form, auto kTwin>
  static void Planar(const uint8_t* rgb, int width, const NormalizeTable& table,
                     typename Form::Value* const out[3]) {
    if (width < Rows::kPixels) return (kNormalizePortable.*kTwin)(rgb, width, table, out);
    if (table.is_product) return PlanarBy<Product, Form>(rgb, width, table, out);
    PlanarBy<Quotient, Form>(rgb, width, table, out);
  }

  template <typename FirstStep, typename Form>
  static void PlanarBy(const uint8_t* rgb, int width, const NormalizeTable& table,
                       typename Form::Value* const out[3]) {
    using Channel = typename Rows::template Formula<FirstStep>;
    const Channel channels[3] = {Channel::Planar(table, 0), Channel::Planar(table, 1),
                                 Channel::Planar(table, 2)};
    const Form form(table);
    ForEachStep<Rows::kPixels>(
        width, [&](int x) { Rows::PlanarStep(rgb + 3 * x, channels, form, x, out); });
  }

  static void PlanarBytes(const uint8_t* rgb, int width, const NormalizeTable& table,
                          uint8_t* const out[3]) {
    if (width < Rows::kPixels) return kNormalizePortable.planar_bytes(rgb, width, table, out);
    Rows::PlanarBytes(rgb, width, out);
  }

  template <typename Form, auto kTwin>
  static void Interleaved(const uint8_t* rgb, int width, const NormalizeTable& table,
                          typename Form::Value* out) {
    if (width < Rows::kPixels) return (kNormalizePortable.*kTwin)(rgb, width, table, out);
    if (table.is_product) return InterleavedBy<Product, Form>(rgb, width, table, out);
    InterleavedBy<Quotient, Form>(rgb, width, table, out);
  }

  template <typename FirstStep, typename Form>
  static void InterleavedBy(const uint8_t* rgb, int width, const NormalizeTable& table,
                            typename Form::Value* out) {
    using Vector = typename Rows::template Formula<FirstStep>;
    const Vector vectors[3] = {Vector::Interleaved(table, 0), Vector::Interleaved(table, 1),
                               Vector::Interleaved(table, 2)};
    const Form form(table);
    ForEachStep<Rows::kPixels>(
        width, [&](int x) { Rows::InterleavedStep(rgb + 3 * x, vectors, form, out + 3 * x); });
  }

  static void InterleavedBytes(const uint8_t* rgb, int width, const NormalizeTable&, uint8_t* out) {
    std::memcpy(out, rgb, 3 * static_cast<size_t>(width));
  }
};

}  // namespace regcore
