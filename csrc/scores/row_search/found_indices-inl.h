// The indices of the scores that reach a bound: after kernels-inl.h.
//
// Where they are, nobody can foretell: so nothing here branches on it, unless a chunk has more than
// usual.
#pragma once

#if defined(__BMI__)
#include <immintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "scores/row_search/kernels-inl.h"

namespace regcore {
namespace {

// The indices of the scores that reach a bound, ascending.
class FoundIndices {
 public:
  explicit FoundIndices(uint32_t* indices) : first_(indices), end_(indices) {}

  // Those of the chunk that begins with index `begin` are the bits that are set, mostly at most two
  // for each of kPairs.
  template <size_t kPairs>
  void Add(size_t begin, uint64_t bits) {
    uint32_t* next = end_;
    end_ += std::popcount(bits);
    for (size_t i = 0; i < kPairs; ++i) {
      // In one integer, as compilers would make vectors of the two, at twice the cost.
      const uint64_t first = begin + Lowest(bits);
      bits &= bits - 1;
      const uint64_t two = (begin + Lowest(bits)) << 32 | first;
      bits &= bits - 1;
      std::memcpy(next, &two, sizeof(two));
      next += 2;
    }
    PutIndices(begin, bits, next);
  }

  size_t count() const { return static_cast<size_t>(end_ - first_); }

 private:
  // Some place past 63 if there is none.
  static uint64_t Lowest(uint64_t bits) {
#if defined(__BMI__)
    return _tzcnt_u64(bits);  // of std::countr_zero GCC makes a branch here
#else
    return static_cast<uint64_t>(std::countr_zero(bits));
#endif
  }

  uint32_t* const first_;
  uint32_t* end_;
};

}  // namespace
}  // namespace regcore
