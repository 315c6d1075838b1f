// NEON: sixteen pixels at a time, in planes as the load takes them apart or as they lie, by the
// arithmetic of NormalizeTable. float16 is rounded to nearest even by the conversion, in the
// default floating-point mode.
#include <arm_neon.h>

#include "normalize/kernels.h"
#include "normalize/overlapping_steps-inl.h"

namespace regcore {
namespace {

constexpr int kLanes = 4;  // values of a vector of floats

// The first step. The lanes are 0x010101 times a byte.
struct Quotient {
  explicit Quotient(const NormalizeTable&) {}

  float32x4_t operator()(uint32x4_t lanes) const {
    const float32x4_t m = vcvtq_f32_u32(lanes);
    return vfmaq_n_f32(m, m, 0x1p-24f);
  }
};

struct Product {
  float factor;

  explicit Product(const NormalizeTable& table) : factor(table.factor) {}

  float32x4_t operator()(uint32x4_t lanes) const {
    return vmulq_n_f32(vcvtq_f32_u32(vshrq_n_u32(lanes, 16)), factor);
  }
};

// The formula of a vector of one channel, or of one that begins with it and goes on with the
// others.
template <typename FirstStep>
struct Formula {
  FirstStep first;
  float32x4_t mean, high, low;

  static Formula Planar(const NormalizeTable& table, int channel) {
    return {FirstStep(table), vdupq_n_f32(table.mean[channel]), vdupq_n_f32(table.high[channel]),
            vdupq_n_f32(table.low[channel])};
  }

  static Formula Interleaved(const NormalizeTable& table, int channel) {
    return {FirstStep(table), vld1q_f32(table.mean + channel), vld1q_f32(table.high + channel),
            vld1q_f32(table.low + channel)};
  }

  float32x4_t operator()(uint32x4_t lanes) const {
    const float32x4_t x = vsubq_f32(first(lanes), mean);
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

struct Single {
  using Value = float;

  explicit Single(const NormalizeTable&) {}

  void Store(float* out, float32x4_t first, float32x4_t second) const {
    vst1q_f32(out, first);
    vst1q_f32(out + kLanes, second);
  }
};

struct Half {
  using Value = uint16_t;

  explicit Half(const NormalizeTable&) {}

  void Store(uint16_t* out, float32x4_t first, float32x4_t second) const {
    const float16x8_t both = vcvt_high_f16_f32(vcvt_f16_f32(first), second);
    vst1q_u16(out, vreinterpretq_u16_f16(both));
  }
};

struct Bfloat16 {
  using Value = uint16_t;

  explicit Bfloat16(const NormalizeTable&) {}

  void Store(uint16_t* out, float32x4_t first, float32x4_t second) const {
    vst1q_u16(out, vshrn_high_n_u32(vshrn_n_u32(Rounded(first), 16), Rounded(second), 16));
  }

 private:
  // To nearest even: by what is added, the half that is cut off carries where it has to.
  static uint32x4_t Rounded(float32x4_t values) {
    const uint32x4_t bits = vreinterpretq_u32_f32(values);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    return vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7FFF)));
  }
};

struct Quantized {
  using Value = uint8_t;

  int32x4_t offset;
  uint8x8_t flip;

  explicit Quantized(const NormalizeTable& table)
      : offset(vdupq_n_s32(table.quant_offset)), flip(vdup_n_u8(table.quant_flip)) {}

  void Store(uint8_t* out, float32x4_t first, float32x4_t second) const {
    const int16x8_t words = vqmovn_high_s32(vqmovn_s32(Whole(first)), Whole(second));
    vst1_u8(out, veor_u8(vqmovun_s16(words), flip));
  }

 private:
  int32x4_t Whole(float32x4_t values) const { return vqaddq_s32(vcvtnq_s32_f32(values), offset); }
};

struct Rows {
  static constexpr int kPixels = 16;  // of a step

  template <typename FirstStep>
  using Formula = regcore::Formula<FirstStep>;
  using Quotient = regcore::Quotient;
  using Product = regcore::Product;
  using Single = regcore::Single;
  using Half = regcore::Half;
  using Bfloat16 = regcore::Bfloat16;
  using Quantized = regcore::Quantized;

  template <typename OfChannel, typename Form>
  static void PlanarStep(const uint8_t* rgb, const OfChannel (&channels)[3], const Form& form,
                         int x, typename Form::Value* const out[3]) {
    const uint8x16x3_t planes = vld3q_u8(rgb);
    for (int c = 0; c < 3; ++c) {
      for (int i = 0; i < 4; i += 2) {
        form.Store(out[c] + x + kLanes * i, channels[c](Spread(planes.val[c], i)),
                   channels[c](Spread(planes.val[c], i + 1)));
      }
    }
  }

  static void PlanarBytes(const uint8_t* rgb, int width, uint8_t* const out[3]) {
    ForEachStep<kPixels>(width, [&](int x) {
      const uint8x16x3_t planes = vld3q_u8(rgb + 3 * x);
      for (int c = 0; c < 3; ++c) vst1q_u8(out[c] + x, planes.val[c]);
    });
  }

  template <typename Vector, typename Form>
  static void InterleavedStep(const uint8_t* rgb, const Vector (&vectors)[3], const Form& form,
                              typename Form::Value* out) {
    for (int v = 0; v < 3; ++v) {
      const uint8x16_t bytes = vld1q_u8(rgb + 16 * v);
      for (int i = 0; i < 4; i += 2) {  // 16 v + 4 i is v + i modulo 3
        form.Store(out + 16 * v + kLanes * i, vectors[(v + i) % 3](Spread(bytes, i)),
                   vectors[(v + i + 1) % 3](Spread(bytes, i + 1)));
      }
    }
  }
};

}  // namespace

const NormalizeKernel kNormalizeNeon = SteppedRows<Rows>::Make();

}  // namespace regcore
