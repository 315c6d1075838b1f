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

// kSamples pixels.
template <typename Lanes>
struct RgbLanes {
  using Vector = typename Lanes::Vector;

  Vector red, green, blue;

  static RgbLanes OfPlanes(const uint8_t* red, const uint8_t* green, const uint8_t* blue) {
    return {Lanes::LoadSamples(red), Lanes::LoadSamples(green), Lanes::LoadSamples(blue)};
  }

  static RgbLanes OfYcc(const uint8_t* y, const uint8_t* cb, const uint8_t* cr) {
    const Vector luma = Lanes::LoadSamples(y);
    const Vector b = Lanes::Subtract(Lanes::LoadSamples(cb), Lanes::Splat(128));
    const Vector r = Lanes::Subtract(Lanes::LoadSamples(cr), Lanes::Splat(128));
    const Vector green_rest = Lanes::template Narrow<16>(
        Lanes::Add(Lanes::Combine(b, r, -kGreenOfCb, kGreenRest), Lanes::Broadcast(1 << 15)));
    return {Lanes::Add(luma, Lanes::Add(r, Lanes::TimesRest(r, kRedRest))),
            Lanes::Add(luma, Lanes::Subtract(green_rest, r)),
            Lanes::Add(luma, Lanes::Add(Lanes::Add(b, b), Lanes::TimesRest(b, kBlueRest)))};
  }
};

template <typename Lanes, typename Interleaver, auto kPixelsOf>
void ToRgbLanes(const uint8_t* a, const uint8_t* b, const uint8_t* c, size_t count, uint8_t* rgb) {
  constexpr size_t kPixels = 2 * Lanes::kSamples;
  for (size_t i = 0; i < count; i += kPixels) {
    const size_t second = i + Lanes::kSamples;
    Interleaver::Store(kPixelsOf(a + i, b + i, c + i),
                       kPixelsOf(a + second, b + second, c + second), rgb + 3 * i);
  }
}

template <typename Lanes, typename Interleaver>
constexpr auto YccToRgbLanes = ToRgbLanes<Lanes, Interleaver, RgbLanes<Lanes>::OfYcc>;

template <typename Lanes, typename Interleaver>
constexpr auto PlanesToRgbLanes = ToRgbLanes<Lanes, Interleaver, RgbLanes<Lanes>::OfPlanes>;

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
