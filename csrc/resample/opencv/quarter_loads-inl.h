// The 128 bits of a row that both pixels of a quarter read, as AVX2 and AVX-512 load them.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace regcore {
namespace {  // as OpencvColumns demands

struct QuarterLoads {
  static __m128i Quarter(const uint8_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  static __m128i Halves(const uint8_t* row, const int32_t* places) {
    const auto half = [&](int i) {
      return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(row + places[i]));
    };
    return _mm_unpacklo_epi64(half(0), half(1));
  }
};

}  // namespace
}  // namespace regcore
