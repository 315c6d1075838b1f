// NEON: sixteen pixels at a time, taken apart into planes by the load; the arithmetic is that of
// normalize_avx512.cc (a vector division costs several times the two products). float16
// is rounded to nearest even by the conversion, in the default floating-point mode.
#include <arm_neon.h>

#include "normalize/normalize.h"

namespace regcore {
namespace {

constexpr int kPixels = 16;

struct Divisor {
  float32x4_t high, low;

  explicit Divisor(float divisor)
      : high(vdupq_n_f32(Reciprocal(divisor).high)), low(vdupq_n_f32(Reciprocal(divisor).low)) {}

  float32x4_t Divide(float32x4_t x) const { return vfmaq_f32(vmulq_f32(x, low), x, high); }
};

struct Formula {
  Divisor full{255.0f};
  Divisor std;
  float32x4_t mean;

  Formula(const NormalizeTable& table, int channel)
      : std(table.std[channel]), mean(vdupq_n_f32(table.mean[channel])) {}

  float32x4_t operator()(uint32x4_t bytes) const {
    return std.Divide(vsubq_f32(full.Divide(vcvtq_f32_u32(bytes)), mean));
  }
};

// Sixteen bytes → four times four lanes.
inline uint32x4x4_t Widen(uint8x16_t bytes) {
  const uint16x8_t low = vmovl_u8(vget_low_u8(bytes));
  const uint16x8_t high = vmovl_high_u8(bytes);
  return {{vmovl_u16(vget_low_u16(low)), vmovl_high_u16(low), vmovl_u16(vget_low_u16(high)),
           vmovl_high_u16(high)}};
}

// Calls store(x, channel, bytes) for every sixteen pixels; the last step overlaps the one before,
// so that nothing is written past the row. Narrower rows than one step are left to the caller.
template <typename Store>
void ForEachStep(const uint8_t* rgb, int width, const Store& store) {
  for (int x = 0;; x += kPixels) {
    if (x + kPixels > width) {
      if (x >= width) return;
      x = width - kPixels;
    }
    const uint8x16x3_t planes = vld3q_u8(rgb + 3 * x);
    for (int c = 0; c < 3; ++c) store(x, c, planes.val[c]);
  }
}

void PlanarSingle(const uint8_t* rgb, int width, const NormalizeTable& table, float* const out[3]) {
  if (width < kPixels) return kNormalizePortable.planar_single(rgb, width, table, out);
  const Formula formula[3] = {{table, 0}, {table, 1}, {table, 2}};
  ForEachStep(rgb, width, [&](int x, int c, uint8x16_t bytes) {
    const uint32x4x4_t lanes = Widen(bytes);
    for (int i = 0; i < 4; ++i) vst1q_f32(out[c] + x + 4 * i, formula[c](lanes.val[i]));
  });
}

void PlanarHalf(const uint8_t* rgb, int width, const NormalizeTable& table,
                uint16_t* const out[3]) {
  if (width < kPixels) return kNormalizePortable.planar_half(rgb, width, table, out);
  const Formula formula[3] = {{table, 0}, {table, 1}, {table, 2}};
  ForEachStep(rgb, width, [&](int x, int c, uint8x16_t bytes) {
    const uint32x4x4_t lanes = Widen(bytes);
    for (int i = 0; i < 4; i += 2) {
      const float16x4_t low = vcvt_f16_f32(formula[c](lanes.val[i]));
      const float16x8_t both = vcvt_high_f16_f32(low, formula[c](lanes.val[i + 1]));
      vst1q_u16(out[c] + x + 4 * i, vreinterpretq_u16_f16(both));
    }
  });
}

void PlanarBytes(const uint8_t* rgb, int width, uint8_t* const out[3]) {
  if (width < kPixels) return kNormalizePortable.planar_bytes(rgb, width, out);
  ForEachStep(rgb, width, [&](int x, int c, uint8x16_t bytes) { vst1q_u8(out[c] + x, bytes); });
}

}  // namespace

const NormalizeKernel kNormalizeNeon = {PlanarSingle, PlanarHalf, PlanarBytes};

}  // namespace regcore
