// YCbCr to RGB in libjpeg's numbers, 16 bits after the binary point (JFIF 1.02).
#pragma once

#include <cstdint>

namespace regcore {

inline constexpr int kRedOfCr = 91881;    // 1.402
inline constexpr int kGreenOfCb = 22554;  // 0.34414
inline constexpr int kGreenOfCr = 46802;  // 0.71414
inline constexpr int kBlueOfCb = 116130;  // 1.772

// The same less a whole number, so that they fit into 16 bits:
// (x * kRedOfCr + half) >> 16 = x + ((x * kRedRest + half) >> 16).
inline constexpr int16_t kRedRest = kRedOfCr - 65536;
inline constexpr int16_t kGreenRest = 65536 - kGreenOfCr;  // of minus Cr
inline constexpr int16_t kBlueRest = kBlueOfCb - 2 * 65536;

}  // namespace regcore
