// kernels_portable.cc by pairs of codes, for processors that do much at once.
//
// The coefficients of a block are as many as the picture has it, which no processor foresees well:
// a branch at the end of a block would often be taken wrongly, and is slower by the clock. So the
// first code of a block is looked up like the others, and the end of a block only chooses, without
// a branch, the table, the block and the place for the next look-up. What remains of branches is
// nearly never taken: codes longer than the index, and blocks whose last coefficient is not 0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jpeg/baseline/kernels.h"

namespace regcore {
namespace {  // each file that includes this is compiled for processors of its own

class PairReader {
 public:
  PairReader(const BlockTarget* blocks, const BlockLayout& layout, const BitReader& reader)
      : reader_(reader), target_(blocks), table_(blocks->dc), layout_(layout) {
    reader_.Refill();
    pair_ = table_->Find(reader_.bits());
  }

  const BitReader& reader() const { return reader_; }

  // The block that is being read, or is next.
  const BlockTarget* target() const { return target_; }

  // The look-up that comes next does not wait for this: it has enough bits.
  void Refill() { reader_.Refill(); }

  // Takes the pair that was looked up last, and looks up the next one. False: its first code is to
  // be taken by itself, and nothing was.
  [[gnu::always_inline]] bool TakePair() {
    const uint64_t next = place_ + pair_.advance();
    Store(place_ + pair_.first_advance(), pair_.First());
    Store(next, pair_.Last(reader_.bits()));
    if ((next & kLastPlace) != 0) [[unlikely]]
      return false;
    reader_.Skip(pair_.length());
    GoOn(next);
    pair_ = table_->Find(reader_.bits());
    return true;
  }

  // Takes one code, and looks up the next pair. False: damage.
  bool TakeCode() {
    reader_.Refill();
    const HuffmanCode code = table_->FindFirst(reader_.bits());
    const uint64_t next = place_ + code.advance();
    Store(next, code.Coefficient(reader_.bits()));
    reader_.Skip(code.length());
    if (next < kLastPlace) {
      place_ = next;
      table_ = target_->ac;
    } else if (next == kLastPlace || (next >= kEndOfBlock && next < kNoCode)) {
      place_ = 0;
      table_ = (++target_)->dc;
    } else {
      return false;
    }
    reader_.Refill();
    pair_ = table_->Find(reader_.bits());
    return true;
  }

 private:
  // What is written too much has no place in a block.
  void Store(uint64_t place, int16_t coefficient) {
    target_->block[layout_.offset[place]] = coefficient;
  }

  // To the next block if the pair that was taken ends this one, else to `next` within it.
  [[gnu::always_inline]] void GoOn(uint64_t next) {
    table_ = target_->ac;
    place_ = next;
#if defined(REGCORE_X86)
    // Compilers make branches of this if they are asked in C++, and masks cost a cycle more of a
    // loop whose next look-up waits for the table.
    asm("test %[pair], %[pair]\n\t"
        "cmovs %[dc], %[table]\n\t"
        "cmovs %[block], %[target]\n\t"
        "cmovs %[zero], %[place]"
        : [table] "+&r"(table_), [target] "+&r"(target_), [place] "+&r"(place_)
        : [pair] "r"(pair_.end_in_sign()), [dc] "m"(target_[1].dc), [block] "r"(target_ + 1),
          [zero] "r"(uint64_t{0})
        : "cc");
#else
    const uint64_t ends = static_cast<uint64_t>(pair_.end_in_sign() >> 63);  // all ones, or 0
    table_ = Choose(ends, target_[1].dc, table_);
    target_ = Choose(ends, target_ + 1, target_);
    place_ = next & ~ends;
#endif
  }

#if !defined(REGCORE_X86)
  template <typename T>
  static const T* Choose(uint64_t mask, const T* if_ones, const T* if_zeros) {
    return reinterpret_cast<const T*>((reinterpret_cast<uintptr_t>(if_ones) & mask) |
                                      (reinterpret_cast<uintptr_t>(if_zeros) & ~mask));
  }
#endif

  BitReader reader_;
  const BlockTarget* target_;
  const PairTable* table_;
  CodePair pair_;
  uint64_t place_ = 0;
  const BlockLayout& layout_;
};

bool ReadBlocksByPairs(const BlockTarget* blocks, size_t count, const BlockLayout& layout,
                       const uint8_t* end, BitReader* reader) {
  PairReader r(blocks, layout, *reader);
  const BlockTarget* const last = blocks + count;
  while (r.target() != last) {
    if (r.reader().IsFarPast(end)) return false;
    bool taken = r.TakePair();
    if (taken && r.target() != last) taken = r.TakePair();
    if (taken) {
      r.Refill();
    } else if (!r.TakeCode()) {
      return false;
    }
  }
  *reader = r.reader();
  return reader->Left(end) >= 0;
}

}  // namespace
}  // namespace regcore
