// The largest scores of a row by slots, and where they are: after code_scan-inl.h and, as Codes<T>,
//
//   codes.MinWith(codes)
//   Codes<T>::Number(n)                   n everywhere
//   Codes<T>::IfAbove(a, b, yes, no)      lane by lane: of `yes` where a > b, else of `no`
//   numbers.StoreIndices(after, last, indices)
//                                         of numbers of chunks: where the registers begin that are
//                                         `after` their chunks' first scores, `last` at most, and
//                                         the lane added
//
// Score i belongs to slot i % kChunk. Of each slot the largest score is known, the first of equal
// ones, and the largest of the others. Where none of these others reaches a bound, the few scores
// that do are found without reading the row again.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "scores/row_search/code_scan-inl.h"
#include "scores/row_search/kernels.h"

namespace regcore {
namespace {

// As CodeMaxima, of a row that is one segment.
template <typename T>
class SlotMaxima {
 public:
  SlotMaxima(const SearchedRow& row, size_t classes) : row_(row), classes_(classes) {}

  void AddWhole(size_t chunk) {
    for (size_t i = 0; i < kRegisters; ++i) Add(chunk, i, kChunk * chunk + i * kCount);
  }

  void AddRest() {
    AddRestOf(0);
    if constexpr (kRegisters > 1) AddRestOf(1);
  }

  void Store(float* of_segment) const {
    Codes<T> best = slots_[0].best;
    for (size_t i = 1; i < kRegisters; ++i) best = slots_[i].best.MaxWith(best);
    best.Groups().Store(of_segment);
    auto* known = static_cast<Known*>(row_.maxima.of_slots);
    for (size_t i = 0; i < kRegisters; ++i) {
      known->best[i] = slots_[i].best;
      known->others[i] = slots_[i].others;
      slots_[i].chunk.StoreIndices(i * kCount, classes_ - kCount, known->index + i * kCount);
    }
    known->index[kChunk] = 0;
  }

  // The indices of the scores not below the row's bound, in any order; returns how many, and 0
  // where not all of them are known. Writes kSmallK at least.
  static size_t Find(const SearchedRow& row, uint32_t* indices) {
    const auto* known = static_cast<const Known*>(row.maxima.of_slots);
    const Codes<T> bound = Codes<T>::All(*row.maxima.bound);
    uint64_t slots = 0, others = 0;
    for (size_t i = 0; i < kRegisters; ++i) {
      slots |= known->best[i].AtLeast(bound) << i * kCount;
      others |= known->others[i].AtLeast(bound);
    }
    if (others != 0) return 0;
    const size_t count = static_cast<size_t>(std::popcount(slots));
    size_t i = 0;
    const auto take = [&] {
      indices[i++] = known->index[_tzcnt_u64(slots)];
      slots &= slots - 1;
    };
    while (i < kSmallK) take();
    while (i < count) take();
    return count;
  }

 private:
  static constexpr size_t kCount = Codes<T>::kCount;
  static constexpr size_t kRegisters = kChunk / kCount;
  static_assert(kRegisters <= 2);
  static constexpr size_t kBytes = sizeof(typename T::Storage);

  // kCount slots.
  struct Slots {
    Codes<T> best = Codes<T>::Lowest();
    Codes<T> others = Codes<T>::Lowest();
    Codes<T> chunk = Codes<T>::Number(0);  // of the best

    void Add(Codes<T> codes, size_t its_chunk) {
      chunk = Codes<T>::IfAbove(codes, best, Codes<T>::Number(its_chunk), chunk);
      others = codes.MinWith(best).MaxWith(others);
      best = codes.MaxWith(best);
    }
  };

  // What is kept of all slots.
  struct Known {
    Codes<T> best[kRegisters], others[kRegisters];
    uint16_t index[kChunk + 1];  // of each slot's best, and a 0 for no slot
  };
  static_assert(sizeof(Known) <= kSlotBytes);

  void Add(size_t chunk, size_t i, size_t first) {
    const uint8_t* scores = row_.scores + first * kBytes;
    __builtin_prefetch(scores + row_.ahead);
    slots_[i].Add(Codes<T>::Load(scores), chunk);
  }

  // Part i of the last chunk. No loop has i: all slots shall stay in registers.
  void AddRestOf(size_t i) {
    const size_t chunk = classes_ / kChunk;
    const size_t first = kChunk * chunk + i * kCount;
    if (first + kCount <= classes_) {
      Add(chunk, i, first);
    } else if (first < classes_) {
      const uint8_t* last = row_.scores + (classes_ - kCount) * kBytes;
      slots_[i].Add(Codes<T>::Load(last).Last(classes_ - first), chunk);
    }
  }

  const SearchedRow row_;
  const size_t classes_;
  Slots slots_[kRegisters];
};

// Of a row that is one segment. Four chunks at a time, as the registers then stay where they are.
template <typename T>
void FindSlotMaxima(const SearchedRow& row, size_t classes) {
  const size_t whole = classes / kChunk;
  SlotMaxima<T> maxima(row, classes);
  size_t chunk = 0;
  for (; chunk + 4 <= whole; chunk += 4) {
    for (size_t i = 0; i < 4; ++i) maxima.AddWhole(chunk + i);
  }
  for (; chunk < whole; ++chunk) maxima.AddWhole(chunk);
  maxima.AddRest();
  maxima.Store(row.maxima.of_segments);
}

}  // namespace
}  // namespace regcore
