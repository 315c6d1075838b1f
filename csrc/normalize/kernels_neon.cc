// NEON: sixteen pixels at a time, in planes as the load takes them apart or as they lie, by the
// arithmetic of NormalizeTable. float16 is rounded to nearest even by the conversion, in the
// default floating-point mode.
#include <arm_neon.h>

#include "normalize/normalize.h"
#include "normalize/overlapping_steps-inl.h"

namespace regcore {
namespace {

constexpr int kLanes = 4;  // values of a vector of floats

// The constants of a vector of one channel, or of one that begins with it and goes on with the
// others.
struct Formula {
  float32x4_t mean, high, low;

  static Formula Planar(const NormalizeTable& table, int channel) {
    return {vdupq_n_f32(table.mean[channel]), vdupq_n_f32(table.high[channel]),
            vdupq_n_f32(table.low[channel])};
  }

  static Formula Interleaved(const NormalizeTable& table, int channel) {
    return {vld1q_f32(table.mean + channel), vld1q_f32(table.high + channel),
            vld1q_f32(table.low + channel)};
  }

  // The lanes are 0x010101 times a byte.
  float32x4_t operator()(uint32x4_t lanes) const {
    const float32x4_t m = vcvtq_f32_u32(lanes);
    const float32x4_t x = vsubq_f32(vfmaq_n_f32(m, m, 0x1p-24f), mean);
    return vfmaq_f32(vmulq_f32(x, low), x, high);
  }
};

// Lane i is 0x010101 times byte 4 quarter + i.
inline uint32x4_t Spread(uint8x16_t bytes, int quarter) {
  const uint32x4_t first = {0xFF000000u, 0xFF010101u, 0xFF020202u, 0xFF030303u};
  const uint32x4_t index =
      vaddq_u32(first, vdupq_n_u32(0x010101u * static_cast<uint32_t>(kLanes * quarter)));
  return vreinterpretq_u32_u8(vqtbl1q_u8(bytes, vreinterpretq_u8_u32(index)));
}

inline void Store(float* out, float32x4_t first, float32x4_t second) {
  vst1q_f32(out, first);
  vst1q_f32(out + kLanes, second);
}

inline void Store(uint16_t* out, float32x4_t first, float32x4_t second) {
  const float16x8_t both = vcvt_high_f16_f32(vcvt_f16_f32(first), second);
  vst1q_u16(out, vreinterpretq_u16_f16(both));
}

struct Rows {
  static constexpr int kPixels = 16;  // of a step

  template <typename T>
  static void Planar(const uint8_t* rgb, int width, const NormalizeTable& table, T* const out[3]) {
    const Formula formula[3] = {Formula::Planar(table, 0), Formula::Planar(table, 1),
                                Formula::Planar(table, 2)};
    ForEachStep<kPixels>(width, [&](int x) {
      const uint8x16x3_t planes = vld3q_u8(rgb + 3 * x);
      for (int c = 0; c < 3; ++c) {
        for (int i = 0; i < 4; i += 2) {
          Store(out[c] + x + kLanes * i, formula[c](Spread(planes.val[c], i)),
                formula[c](Spread(planes.val[c], i + 1)));
        }
      }
    });
  }

  static void PlanarBytes(const uint8_t* rgb, int width, uint8_t* const out[3]) {
    ForEachStep<kPixels>(width, [&](int x) {
      const uint8x16x3_t planes = vld3q_u8(rgb + 3 * x);
      for (int c = 0; c < 3; ++c) vst1q_u8(out[c] + x, planes.val[c]);
    });
  }

  template <typename T>
  static void Interleaved(const uint8_t* rgb, int width, const NormalizeTable& table, T* out) {
    const Formula formula[3] = {Formula::Interleaved(table, 0), Formula::Interleaved(table, 1),
                                Formula::Interleaved(table, 2)};
    ForEachStep<kPixels>(width, [&](int x) {
      for (int v = 0; v < 3; ++v) {
        const uint8x16_t bytes = vld1q_u8(rgb + 3 * x + 16 * v);
        for (int i = 0; i < 4; i += 2) {  // 16 v + 4 i is v + i modulo 3
          Store(out + 3 * x + 16 * v + kLanes * i, formula[(v + i) % 3](Spread(bytes, i)),
                formula[(v + i + 1) % 3](Spread(bytes, i + 1)));
        }
      }
    });
  }
};

}  // namespace

const NormalizeKernel kNormalizeNeon = SteppedRows<Rows>::Make();

}  // namespace regcore
