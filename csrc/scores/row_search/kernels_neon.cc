// NEON: sixteen scores in four registers.
#include <arm_neon.h>

#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

constexpr size_t kBlock = 16;

struct Lanes {
  float32x4_t v[4];

  static Lanes All(float x) {
    const float32x4_t all = vdupq_n_f32(x);
    return {{all, all, all, all}};
  }

  static Lanes Load(Float32, const uint8_t* p) {
    Lanes lanes;
    for (size_t i = 0; i < 4; ++i) lanes.v[i] = vreinterpretq_f32_u8(vld1q_u8(p + 16 * i));
    return lanes;
  }
  static Lanes Load(Float16, const uint8_t* p) {
    Lanes lanes;
    for (size_t i = 0; i < 4; ++i)
      lanes.v[i] = vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(p + 8 * i)));
    return lanes;
  }
  static Lanes Load(Bfloat16, const uint8_t* p) {
    Lanes lanes;
    for (size_t i = 0; i < 4; ++i) {
      const uint16x4_t stored = vreinterpret_u16_u8(vld1_u8(p + 8 * i));
      lanes.v[i] = vreinterpretq_f32_u32(vshll_n_u16(stored, 16));
    }
    return lanes;
  }
  static Lanes Load(Int8, const uint8_t* p) {
    const int8x16_t stored = vreinterpretq_s8_u8(vld1q_u8(p));
    const int16x8_t low = vmovl_s8(vget_low_s8(stored)), high = vmovl_s8(vget_high_s8(stored));
    return {{Float(vmovl_s16(vget_low_s16(low))), Float(vmovl_s16(vget_high_s16(low))),
             Float(vmovl_s16(vget_low_s16(high))), Float(vmovl_s16(vget_high_s16(high)))}};
  }
  static Lanes Load(Uint8, const uint8_t* p) {
    const uint8x16_t stored = vld1q_u8(p);
    const uint16x8_t low = vmovl_u8(vget_low_u8(stored)), high = vmovl_u8(vget_high_u8(stored));
    return {{Float(vmovl_u16(vget_low_u16(low))), Float(vmovl_u16(vget_high_u16(low))),
             Float(vmovl_u16(vget_low_u16(high))), Float(vmovl_u16(vget_high_u16(high)))}};
  }

  Lanes LastFirst(size_t n) const {
    uint8x16x4_t bytes;
    for (size_t i = 0; i < 4; ++i) bytes.val[i] = vreinterpretq_u8_f32(v[i]);
    const uint8_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8x16_t source =
        vaddq_u8(vld1q_u8(numbers), vdupq_n_u8(static_cast<uint8_t>(4 * (kBlock - n))));
    Lanes moved = All(__builtin_nanf(""));
    for (size_t i = 0; i < 4; ++i) {  // what lies past the table stays NaN
      const uint8x16_t found = vqtbx4q_u8(vreinterpretq_u8_f32(moved.v[i]), bytes, source);
      moved.v[i] = vreinterpretq_f32_u8(found);
      source = vaddq_u8(source, vdupq_n_u8(16));
    }
    return moved;
  }
  void Store(float* memory) const {
    for (size_t i = 0; i < 4; ++i) vst1q_f32(memory + 4 * i, v[i]);
  }

 private:
  static float32x4_t Float(int32x4_t stored) { return vcvtq_f32_s32(stored); }
  static float32x4_t Float(uint32x4_t stored) { return vcvtq_f32_u32(stored); }
};

class LaneCounts {
 public:
  explicit LaneCounts(float score) : score_(vdupq_n_f32(score)) {}

  void Add(const Lanes& lanes) {  // a lane that holds is all ones, which is -1
    for (const float32x4_t& v : lanes.v) {
      above_ = vsubq_u32(above_, vcgtq_f32(v, score_));
      equal_ = vsubq_u32(equal_, vceqq_f32(v, score_));
      below_ = vsubq_u32(below_, vcltq_f32(v, score_));
    }
  }

  Comparison Sum(size_t classes) const {
    const size_t above = vaddvq_u32(above_), equal = vaddvq_u32(equal_);
    return {above, equal, above + equal + vaddvq_u32(below_) != classes};
  }

 private:
  float32x4_t score_;
  uint32x4_t above_ = vdupq_n_u32(0);
  uint32x4_t equal_ = vdupq_n_u32(0);
  uint32x4_t below_ = vdupq_n_u32(0);
};

}  // namespace
}  // namespace regcore

#include "scores/row_search/compare_codes_neon-inl.h"
#include "scores/row_search/find_few_neon-inl.h"
#include "scores/row_search/keys32_neon-inl.h"
#include "scores/row_search/keys64_neon-inl.h"
#include "scores/row_search/order_few-inl.h"

namespace regcore {
namespace {

template <typename T>
constexpr ScoreKernels kOfCodes = {
    FindMaxima<ChunkMaxima<T>>, KthLargest, CodesAtLeast<T>, CompareCodes<T>, FindFew<T>,
    OrderFew<KeyOrder32<T>>};

}  // namespace

const ScoreKernels kScoreKernelsNeon[kScoreTypes] = {
    {FindMaxima<ChunkMaxima<Float32>>, KthLargest, CodesAtLeast<Float32>, Compare<Float32>,
     FindFew<Float32>, OrderFew<FloatOrder64>},
    kOfCodes<Float16>,
    kOfCodes<Bfloat16>,
    kOfCodes<Int8>,
    kOfCodes<Uint8>};

}  // namespace regcore
