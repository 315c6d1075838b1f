// NEON: one block, 8 samples or 16 pixels at a time.
#include <arm_neon.h>

#include <algorithm>

#include "jpeg/pixels/inverse_dct-inl.h"
#include "jpeg/pixels/kernels.h"
#include "jpeg/pixels/upsample_rows-inl.h"
#include "jpeg/pixels/ycc_constants.h"

namespace regcore {
namespace {

struct Lanes {
  using Vector = int16x8_t;
  static constexpr int kBlocks = 1;
  struct Wide {
    int32x4_t low, high;
  };

  static Vector Load(const int16_t* p) { return vld1q_s16(p); }
  static void StoreZero(int16_t* p) { vst1q_s16(p, vdupq_n_s16(0)); }
  static Vector Row(const int16_t* steps) { return vld1q_s16(steps); }
  static Wide Broadcast(int value) { return {vdupq_n_s32(value), vdupq_n_s32(value)}; }
  static Vector Add(Vector a, Vector b) { return vaddq_s16(a, b); }
  static Vector Multiply(Vector a, Vector b) { return vmulq_s16(a, b); }
  static Vector Min(Vector a, Vector b) { return vminq_s16(a, b); }
  static Vector Max(Vector a, Vector b) { return vmaxq_s16(a, b); }
  static Wide Add(Wide a, Wide b) { return {vaddq_s32(a.low, b.low), vaddq_s32(a.high, b.high)}; }
  static Wide Subtract(Wide a, Wide b) {
    return {vsubq_s32(a.low, b.low), vsubq_s32(a.high, b.high)};
  }
  static Wide Combine(Vector a, Vector b, int ka, int kb) {
    const int16_t first = static_cast<int16_t>(ka);
    const int16_t second = static_cast<int16_t>(kb);
    return {vmlal_n_s16(vmull_n_s16(vget_low_s16(a), first), vget_low_s16(b), second),
            vmlal_high_n_s16(vmull_high_n_s16(a, first), b, second)};
  }
  static Wide Combine(Wide sum, Vector a, Vector b, int ka, int kb) {
    const int16_t first = static_cast<int16_t>(ka);
    const int16_t second = static_cast<int16_t>(kb);
    const int32x4_t low = vmlal_n_s16(sum.low, vget_low_s16(a), first);
    const int32x4_t high = vmlal_high_n_s16(sum.high, a, first);
    return {vmlal_n_s16(low, vget_low_s16(b), second), vmlal_high_n_s16(high, b, second)};
  }
  template <int kShift>
  static Vector Narrow(Wide a) {
    return vqmovn_high_s32(vqmovn_s32(vshrq_n_s32(a.low, kShift)), vshrq_n_s32(a.high, kShift));
  }
  static Wide MagnitudeSum(Wide sum, Vector x, Vector step) {
    const int16x8_t magnitude = vabsq_s16(x);
    return {vmlal_s16(sum.low, vget_low_s16(magnitude), vget_low_s16(step)),
            vmlal_high_s16(sum.high, magnitude, step)};
  }
  static bool OutOfRange(Wide sum, Vector low, Vector high) {
    return vaddvq_s32(vaddq_s32(sum.low, sum.high)) > kMaxCoefficientSum ||
           vminvq_s16(low) < -kMaxPixelMagnitude - 1 || vmaxvq_s16(high) > kMaxPixelMagnitude;
  }
  static void Transpose(Vector (&x)[8]) {
    // Every stage turns the six bits of an element's register and place by one.
    for (int stage = 0; stage < 3; ++stage) {
      int16x8_t y[8];
      for (int i = 0; i < 4; ++i) {
        y[2 * i] = vzip1q_s16(x[i], x[i + 4]);
        y[2 * i + 1] = vzip2q_s16(x[i], x[i + 4]);
      }
      std::copy(std::begin(y), std::end(y), std::begin(x));
    }
  }
  static void StoreSamples(const Vector (&columns)[8], uint8_t* out, ptrdiff_t stride) {
    Vector rows[8];
    std::copy(std::begin(columns), std::end(columns), std::begin(rows));
    Transpose(rows);
    for (int row = 0; row < 8; ++row) {
      vst1_u8(out + row * stride,
              veor_u8(vreinterpret_u8_s8(vqmovn_s16(rows[row])), vdup_n_u8(0x80)));
    }
  }
};

uint16x8_t TimesThree(uint8x8_t x) { return vmull_u8(x, vdup_n_u8(3)); }

void UpsampleH2V1(const uint8_t* samples, size_t count, uint8_t* out) {
  for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(count); i += 8) {
    const uint16x8_t here = TimesThree(vld1_u8(samples + i));
    const uint16x8_t left = vaddq_u16(vaddw_u8(here, vld1_u8(samples + i - 1)), vdupq_n_u16(1));
    const uint16x8_t right = vaddw_u8(here, vld1_u8(samples + i + 1));
    const uint8x8x2_t pairs = {{vshrn_n_u16(left, 2), vrshrn_n_u16(right, 2)}};
    vst2_u8(out + 2 * i, pairs);  // a macro in Clang, which commas within braces would mislead
  }
}

void UpsampleH2V2(const uint8_t* near, const uint8_t* far, size_t count, uint8_t* out) {
  const auto column = [&](ptrdiff_t i) {
    return vaddw_u8(TimesThree(vld1_u8(near + i)), vld1_u8(far + i));
  };
  for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(count); i += 8) {
    const uint16x8_t here = vmulq_n_u16(column(i), 3);
    const uint16x8_t left = vaddq_u16(here, column(i - 1));
    const uint16x8_t right = vaddq_u16(vaddq_u16(here, column(i + 1)), vdupq_n_u16(7));
    const uint8x8x2_t pairs = {{vrshrn_n_u16(left, 4), vshrn_n_u16(right, 4)}};
    vst2_u8(out + 2 * i, pairs);
  }
}

// (a * ka + b * kb + half) >> 16.
int16x8_t Product(int16x8_t a, int16_t ka, int16x8_t b, int16_t kb) {
  const int32x4_t low = vmlal_n_s16(vmull_n_s16(vget_low_s16(a), ka), vget_low_s16(b), kb);
  const int32x4_t high = vmlal_high_n_s16(vmull_high_n_s16(a, ka), b, kb);
  return vrshrn_high_n_s32(vrshrn_n_s32(low, 16), high, 16);
}

int16x8_t Widen(uint8x8_t x) { return vreinterpretq_s16_u16(vmovl_u8(x)); }

// 8 pixels, of the samples from place `at` of their rows on.
uint8x8x3_t OfYcc(const ComponentRows& rows, size_t at) {
  const int16x8_t centre = vdupq_n_s16(128);
  const int16x8_t none = vdupq_n_s16(0);
  const int16x8_t luma = Widen(vld1_u8(rows.of[0] + at));
  const int16x8_t blue = vsubq_s16(Widen(vld1_u8(rows.of[1] + at)), centre);
  const int16x8_t red = vsubq_s16(Widen(vld1_u8(rows.of[2] + at)), centre);
  const int16x8_t of_red = vaddq_s16(red, Product(red, kRedRest, none, 0));
  const int16x8_t of_green =
      vsubq_s16(Product(blue, static_cast<int16_t>(-kGreenOfCb), red, kGreenRest), red);
  const int16x8_t of_blue = vaddq_s16(vaddq_s16(blue, blue), Product(blue, kBlueRest, none, 0));
  return {{vqmovun_s16(vaddq_s16(luma, of_red)), vqmovun_s16(vaddq_s16(luma, of_green)),
           vqmovun_s16(vaddq_s16(luma, of_blue))}};
}

uint8x8x3_t OfPlanes(const ComponentRows& rows, size_t at) {
  return {{vld1_u8(rows.of[0] + at), vld1_u8(rows.of[1] + at), vld1_u8(rows.of[2] + at)}};
}

// ColourOfInk (inks.h).
uint8x8_t Under(uint8x8_t black, uint8x8_t ink) {
  const uint16x8_t product = vmull_u8(ink, black);
  return vraddhn_u16(product, vrshrq_n_u16(product, 8));
}

uint8x8x3_t OfCmyk(const ComponentRows& rows, size_t at) {
  const uint8x8x3_t inks = OfPlanes(rows, at);
  const uint8x8_t black = vld1_u8(rows.of[3] + at);
  return {{Under(black, inks.val[0]), Under(black, inks.val[1]), Under(black, inks.val[2])}};
}

uint8x8x3_t OfYcck(const ComponentRows& rows, size_t at) {
  const uint8x8x3_t rgb = OfYcc(rows, at);
  const uint8x8_t black = vld1_u8(rows.of[3] + at);
  return {{Under(black, vmvn_u8(rgb.val[0])), Under(black, vmvn_u8(rgb.val[1])),
           Under(black, vmvn_u8(rgb.val[2]))}};
}

template <auto kPixelsOf>
void ToRgbLanes(const ComponentRows& component_rows, size_t count, uint8_t* rgb) {
  const ComponentRows rows = component_rows;  // a copy, which what is written to rgb cannot be
  for (size_t i = 0; i < count; i += 8) {
    const uint8x8x3_t pixels = kPixelsOf(rows, i);
    vst3_u8(rgb + 3 * i, pixels);
  }
}

}  // namespace

const PixelKernels kPixelKernelsNeon = {1,
                                        InverseDctLanes<Lanes>,
                                        UpsampleH2V1,
                                        UpsampleH2V2,
                                        UpsampleH1V2,
                                        ToRgbLanes<OfYcc>,
                                        ToRgbLanes<OfPlanes>,
                                        ToRgbLanes<OfCmyk>,
                                        ToRgbLanes<OfYcck>};

}  // namespace regcore
