// The codes of scores of 8 or 16 bits: signed integers as wide as the scores and in their order,
// those of NaNs below all others. Those of 0 and -0 are neighbours.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "scores/row_search/score_rows.h"

namespace regcore {
namespace {

template <typename T>
constexpr bool kIsByte = sizeof(typename T::Storage) == 1;

// Infinity as it is stored; and how far it is from the largest integer: so much is added to codes
// of 16 bits, so that those of positive NaNs wrap around.
template <typename T>
constexpr short kStoredInfinity = std::is_same_v<T, Float16> ? 0x7C00 : 0x7F80;
template <typename T>
constexpr short kPastInfinity = 0x7FFF - kStoredInfinity<T>;

// What scores of 8 bits differ in from their codes.
template <typename T>
constexpr int8_t kByteFlip = std::is_same_v<T, Uint8> ? -128 : 0;

template <typename T>
constexpr bool kHasNan = T::kHighest == std::numeric_limits<float>::infinity();

}  // namespace
}  // namespace regcore
