// Upsampling and colour of kernels_portable.cc for vectors. Lanes is as for the inverse DCT
// (inverse_dct-inl.h), and also has
//
//   kSamples                    16-bit numbers in one vector
//   LoadSamples(p)              kSamples bytes as 16-bit numbers
//   Splat(value)                the same everywhere
//   Subtract(a, b)              modulo 2^16
//   ShiftRight<bits>(x)         of numbers without a sign
//   StorePairs(even, odd, out)  numbers below 256 as bytes, of which `even` come first
//   TimesRest(x, k)             (x * k + 2^15) >> 16
//
// and Interleaver::Store(first, second, rgb) writes 2 * kSamples pixels, not yet clamped to bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jpeg/pixels/kernels.h"
#include "jpeg/pixels/ycc_constants.h"

namespace regcore {

template <typename Lanes>
typename Lanes::Vector TimesThree(typename Lanes::Vector x) {
  return Lanes::Add(x, Lanes::Add(x, x));
}

template <typename Lanes>
void UpsampleH2V1Lanes(const uint8_t* samples, size_t count, uint8_t* out) {
  using Vector = typename Lanes::Vector;
  const Vector one = Lanes::Splat(1), two = Lanes::Splat(2);
  for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(count); i += Lanes::kSamples) {
    const Vector here = TimesThree<Lanes>(Lanes::LoadSamples(samples + i));
    const Vector left = Lanes::Add(Lanes::LoadSamples(samples + i - 1), one);
    const Vector right = Lanes::Add(Lanes::LoadSamples(samples + i + 1), two);
    Lanes::StorePairs(Lanes::template ShiftRight<2>(Lanes::Add(here, left)),
                      Lanes::template ShiftRight<2>(Lanes::Add(here, right)), out + 2 * i);
  }
}

template <typename Lanes>
void UpsampleH2V2Lanes(const uint8_t* near, const uint8_t* far, size_t count, uint8_t* out) {
  using Vector = typename Lanes::Vector;
  const auto column = [&](ptrdiff_t i) {
    return Lanes::Add(TimesThree<Lanes>(Lanes::LoadSamples(near + i)), Lanes::LoadSamples(far + i));
  };
  const Vector eight = Lanes::Splat(8), seven = Lanes::Splat(7);
  for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(count); i += Lanes::kSamples) {
    const Vector here = TimesThree<Lanes>(column(i));
    const Vector left = Lanes::Add(column(i - 1), eight);
    const Vector right = Lanes::Add(column(i + 1), seven);
    Lanes::StorePairs(Lanes::template ShiftRight<4>(Lanes::Add(here, left)),
                      Lanes::template ShiftRight<4>(Lanes::Add(here, right)), out + 2 * i);
  }
}

// kSamples pixels, of the samples from place `at` of their rows on.
template <typename Lanes>
struct RgbLanes {
  using Vector = typename Lanes::Vector;

  Vector red, green, blue;

  static RgbLanes OfPlanes(const ComponentRows& rows, size_t at) {
    return {Lanes::LoadSamples(rows.of[0] + at), Lanes::LoadSamples(rows.of[1] + at),
            Lanes::LoadSamples(rows.of[2] + at)};
  }

  static RgbLanes OfYcc(const ComponentRows& rows, size_t at) {
    const Vector luma = Lanes::LoadSamples(rows.of[0] + at);
    const Vector b = Lanes::Subtract(Lanes::LoadSamples(rows.of[1] + at), Lanes::Splat(128));
    const Vector r = Lanes::Subtract(Lanes::LoadSamples(rows.of[2] + at), Lanes::Splat(128));
    const Vector green_rest = Lanes::template Narrow<16>(
        Lanes::Add(Lanes::Combine(b, r, -kGreenOfCb, kGreenRest), Lanes::Broadcast(1 << 15)));
    return {Lanes::Add(luma, Lanes::Add(r, Lanes::TimesRest(r, kRedRest))),
            Lanes::Add(luma, Lanes::Subtract(green_rest, r)),
            Lanes::Add(luma, Lanes::Add(Lanes::Add(b, b), Lanes::TimesRest(b, kBlueRest)))};
  }

  static RgbLanes OfCmyk(const ComponentRows& rows, size_t at) {
    return OfPlanes(rows, at).Under(Lanes::LoadSamples(rows.of[3] + at));
  }

  static RgbLanes OfYcck(const ComponentRows& rows, size_t at) {
    const RgbLanes rgb = OfYcc(rows, at);
    return RgbLanes{Inverse(rgb.red), Inverse(rgb.green), Inverse(rgb.blue)}.Under(
        Lanes::LoadSamples(rows.of[3] + at));
  }

 private:
  // ColourOfInk (inks.h) of inks below 256; no sum is above 16 bits.
  RgbLanes Under(Vector black) const {
    const auto colour = [&](Vector ink) {
      const Vector product = Lanes::Add(Lanes::Multiply(ink, black), Lanes::Splat(128));
      return Lanes::template ShiftRight<8>(
          Lanes::Add(product, Lanes::template ShiftRight<8>(product)));
    };
    return {colour(red), colour(green), colour(blue)};
  }

  // 255 less what a colour is once clamped to a byte.
  static Vector Inverse(Vector colour) {
    const Vector inverse = Lanes::Subtract(Lanes::Splat(255), colour);
    return Lanes::Max(Lanes::Min(inverse, Lanes::Splat(255)), Lanes::Splat(0));
  }
};

template <typename Lanes, typename Interleaver, auto kPixelsOf>
void ToRgbLanes(const ComponentRows& component_rows, size_t count, uint8_t* rgb) {
  const ComponentRows rows = component_rows;  // a copy, which what is written to rgb cannot be
  constexpr size_t kPixels = 2 * Lanes::kSamples;
  for (size_t i = 0; i < count; i += kPixels) {
    Interleaver::Store(kPixelsOf(rows, i), kPixelsOf(rows, i + Lanes::kSamples), rgb + 3 * i);
  }
}

template <typename Lanes, typename Interleaver>
constexpr auto YccToRgbLanes = ToRgbLanes<Lanes, Interleaver, RgbLanes<Lanes>::OfYcc>;

template <typename Lanes, typename Interleaver>
constexpr auto PlanesToRgbLanes = ToRgbLanes<Lanes, Interleaver, RgbLanes<Lanes>::OfPlanes>;

template <typename Lanes, typename Interleaver>
constexpr auto CmykToRgbLanes = ToRgbLanes<Lanes, Interleaver, RgbLanes<Lanes>::OfCmyk>;

template <typename Lanes, typename Interleaver>
constexpr auto YcckToRgbLanes = ToRgbLanes<Lanes, Interleaver, RgbLanes<Lanes>::OfYcck>;

// Which of 16 bytes of a colour goes to each of 16 bytes of RGB, of which there are three times 16;
// -1, which a shuffle takes for 0, where it is another colour's.
struct SpreadTable {
  alignas(16) int8_t from[3][3][16];  // [part of RGB][colour]
};

constexpr SpreadTable MakeSpreadTable() {
  SpreadTable table{};
  for (int part = 0; part < 3; ++part) {
    for (int colour = 0; colour < 3; ++colour) {
      for (int i = 0; i < 16; ++i) {
        const int at = 16 * part + i;
        table.from[part][colour][i] = static_cast<int8_t>(at % 3 == colour ? at / 3 : -1);
      }
    }
  }
  return table;
}

inline constexpr SpreadTable kSpread = MakeSpreadTable();

}  // namespace regcore
