// NEON: kGroups scores in registers, of which the larger ones are found and compared: after Lanes.
//
// Scores of 8 and 16 bits are there as their codes, floats as they are.
#pragma once

#include <arm_neon.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "scores/row_search/code_order-inl.h"
#include "scores/row_search/code_registers_neon-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// One code, or float, and a register of them.
template <typename T>
using Code =
    std::conditional_t<std::is_same_v<T, Float32>, float,
                       std::conditional_t<sizeof(typename T::Storage) == 1, int8_t, int16_t>>;
template <typename T>
using CodeRegister = decltype(Everywhere(Code<T>{}));

// The code of a score of 16 bits, as it is stored; and that of the lowest score that is not below
// `threshold`, which some score is.
template <typename T>
int16_t CodeOf(uint16_t stored) {
  const int magnitude = stored & 0x7FFF;
  const int ordered = stored == magnitude ? magnitude : -1 - magnitude;
  return static_cast<int16_t>(static_cast<uint16_t>(ordered + kPastInfinity<T>));
}

inline float Nearest(Float16, float threshold, uint16_t* stored) {
  const float16x4_t rounded = vcvt_f16_f32(vdupq_n_f32(threshold));
  *stored = vget_lane_u16(vreinterpret_u16_f16(rounded), 0);
  return vgetq_lane_f32(vcvt_f32_f16(rounded), 0);
}
inline float Nearest(Bfloat16, float threshold, uint16_t* stored) {
  const uint32_t bits = std::bit_cast<uint32_t>(threshold);
  *stored = static_cast<uint16_t>(bits >> 16);
  return std::bit_cast<float>(bits & 0xFFFF0000u);
}

template <typename T>
Code<T> LowestCode(float threshold) {
  if constexpr (std::is_same_v<T, Float32>) {
    return threshold;
  } else if constexpr (kIsByte<T>) {
    return static_cast<int8_t>(static_cast<int>(std::ceil(threshold)) ^ kByteFlip<T>);
  } else {
    uint16_t stored;
    const float score = Nearest(T{}, threshold, &stored);
    if (threshold == 0) return CodeOf<T>(0x8000);
    return static_cast<int16_t>(CodeOf<T>(stored) + (score < threshold));
  }
}

template <typename T>
struct Codes {
  static constexpr size_t kRegisters = sizeof(typename T::Storage);  // each of 16 bytes
  using Register = CodeRegister<T>;

  Register v[kRegisters];

  // Each of what of(register's number) gives.
  template <typename Of>
  static Codes Each(const Of& of) {
    Codes codes;
    for (size_t i = 0; i < kRegisters; ++i) codes.v[i] = of(i);
    return codes;
  }

  // Not above any score.
  static Codes Lowest() {
    const auto lowest = std::is_same_v<T, Float32> ? -std::numeric_limits<Code<T>>::infinity()
                                                   : std::numeric_limits<Code<T>>::lowest();
    return Each([&](size_t) { return Everywhere(static_cast<Code<T>>(lowest)); });
  }

  static Codes All(float threshold) {
    const Register all = Everywhere(LowestCode<T>(threshold));
    return Each([&](size_t) { return all; });
  }

  // Of scores.
  static Codes Load(const uint8_t* p) {
    return Each([&](size_t i) {
      const Register stored = RegisterAt(p, i);
      if constexpr (std::is_same_v<T, Uint8>) {
        return veorq_s8(stored, Everywhere(int8_t{-128}));
      } else if constexpr (std::is_same_v<Register, int16x8_t>) {
        return vaddq_s16(Flipped(stored), Everywhere(int16_t{kPastInfinity<T>}));
      } else {
        return stored;
      }
    });
  }

  // Of what Code<T> has.
  static Codes LoadCodes(const uint8_t* p) {
    return Each([&](size_t i) { return RegisterAt(p, i); });
  }

  // The last n, and the lowest in place of the others.
  Codes Last(size_t n) const {
    constexpr size_t kCodeBytes = sizeof(Code<T>);
    alignas(16) static constexpr auto kMasks = [] {  // all ones from place kGroups on
      std::array<uint8_t, 2 * kGroups * kCodeBytes> masks = {};
      for (size_t i = masks.size() / 2; i < masks.size(); ++i) masks[i] = 0xFF;
      return masks;
    }();
    const Codes lowest = Lowest();
    return Each([&](size_t i) {
      const uint8x16_t last = vld1q_u8(kMasks.data() + kCodeBytes * n + 16 * i);
      return FromBytes<Register>(vbslq_u8(last, AsBytes(v[i]), AsBytes(lowest.v[i])));
    });
  }

  // Lane by lane.
  static Codes Larger(const Codes& a, const Codes& b) {
    return Each([&](size_t i) { return LargerOf(a.v[i], b.v[i]); });
  }
  static Codes LargerNumbers(const Codes& a, const Codes& b) {
    return Each([&](size_t i) { return LargerNumber(a.v[i], b.v[i]); });
  }

  // A NaN if there is one.
  Code<T> Largest() const {
    Register largest = v[0];
    for (size_t i = 1; i < kRegisters; ++i) largest = LargerOf(largest, v[i]);
    return LargestOf(largest);
  }

  // As bytes.
  uint8x16_t AtLeast(const Codes& threshold) const {
    return Lanewise([&](size_t i) { return NotBelow(v[i], threshold.v[i]); });
  }
  uint8x16_t MayBeAtLeast(const Codes& threshold) const {
    return Lanewise([&](size_t i) { return MayReach(v[i], threshold.v[i]); });
  }

  // -infinity in place of a NaN that is a code.
  Lanes Scores() const {
    if constexpr (std::is_same_v<T, Float32>) {
      return {{v[0], v[1], v[2], v[3]}};
    } else {
      const auto scores = Each([&](size_t i) {
        if constexpr (kIsByte<T>) {
          return veorq_s8(v[i], Everywhere(kByteFlip<T>));
        } else {
          const Register lowest =
              Everywhere(CodeOf<T>(static_cast<uint16_t>(0x8000 | kStoredInfinity<T>)));
          return Flipped(vsubq_s16(vmaxq_s16(v[i], lowest), Everywhere(int16_t{kPastInfinity<T>})));
        }
      });
      uint8_t stored[16 * kRegisters];
      std::memcpy(stored, scores.v, sizeof(stored));
      return Lanes::Load(T{}, stored);
    }
  }

 private:
  static Register RegisterAt(const uint8_t* p, size_t i) {
    return FromBytes<Register>(vld1q_u8(p + 16 * i));
  }

  // Negative numbers ascend as their bits but the sign descend.
  static int16x8_t Flipped(int16x8_t stored) {
    const int16x8_t negative = vshrq_n_s16(stored, 15);
    return veorq_s16(stored, vandq_s16(negative, vdupq_n_s16(0x7FFF)));
  }

  template <typename Of>
  static uint8x16_t Lanewise(const Of& of) {
    decltype(of(0)) lanes[kRegisters];
    for (size_t i = 0; i < kRegisters; ++i) lanes[i] = of(i);
    return BytesOf(lanes);
  }
};

}  // namespace
}  // namespace regcore
