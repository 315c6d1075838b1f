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
  // The addition makes a signalling NaN quiet, since a quiet one alone loses by vmaxnmq_f32.
  // Instead of a comparison and a choice LLVM takes vmaxnmq_f32, too, but without the addition.
  Lanes MaxWith(const Lanes& best) const {
    const float32x4_t zero = vdupq_n_f32(0.0f);
    Lanes larger;
    for (size_t i = 0; i < 4; ++i) larger.v[i] = vmaxnmq_f32(vaddq_f32(v[i], zero), best.v[i]);
    return larger;
  }
  // The comparisons as bytes, each ANDed with its bit of a byte, and the bytes added up in pairs.
  uint32_t AtLeast(const Lanes& threshold) const {
    const auto halves = [&](size_t i) {
      return vcombine_u16(vmovn_u32(vcgeq_f32(v[i], threshold.v[i])),
                          vmovn_u32(vcgeq_f32(v[i + 1], threshold.v[i + 1])));
    };
    const uint8x16_t lanes = vcombine_u8(vmovn_u16(halves(0)), vmovn_u16(halves(2)));
    const uint8_t bits[] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t marked = vandq_u8(lanes, vld1q_u8(bits));
    const uint32_t low = vaddv_u8(vget_low_u8(marked)), high = vaddv_u8(vget_high_u8(marked));
    return low | high << 8;
  }
  // By counting the larger ones of each.
  float KthLargest(size_t k) const {
    float numbers[kBlock];
    Store(numbers);
    uint32x4_t above[4] = {};
    for (float number : numbers) {
      const float32x4_t other = vdupq_n_f32(number);
      for (size_t i = 0; i < 4; ++i) above[i] = vsubq_u32(above[i], vcgtq_f32(other, v[i]));
    }
    const uint32x4_t limit = vdupq_n_u32(static_cast<uint32_t>(k));
    float32x4_t least = vdupq_n_f32(__builtin_inff());
    for (size_t i = 0; i < 4; ++i) {
      const uint32x4_t few = vcltq_u32(above[i], limit);
      least = vminq_f32(least, vbslq_f32(few, v[i], least));
    }
    return vminvq_f32(least);
  }
  bool AnyAtLeast(const Lanes& threshold) const {
    const float32x4_t largest = vmaxq_f32(vmaxq_f32(v[0], v[1]), vmaxq_f32(v[2], v[3]));
    return vmaxvq_f32(largest) >= vgetq_lane_f32(threshold.v[0], 0);
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

#include "scores/row_search/kernels-inl.h"
#include "scores/row_search/small_k-inl.h"

namespace regcore {
namespace {

template <typename T>
constexpr ScoreKernels kKernels = {
    FindMaxima<FloatMaxima<T>>, KthLargest, AtLeast<T>, Compare<T>, nullptr, nullptr, SmallK<T>};

}  // namespace

const ScoreKernels kScoreKernelsNeon[kScoreTypes] = {
    kKernels<Float32>, kKernels<Float16>, kKernels<Bfloat16>, kKernels<Int8>, kKernels<Uint8>};

}  // namespace regcore
