// A plain loop, one coefficient after the other: what the other instruction sets are tested
// against.
#include "jpeg/progressive/kernels.h"

namespace regcore {
namespace {

constexpr uint64_t BitOf(unsigned place) { return uint64_t{1} << (64 - place); }

// One block of a run, of whose places from 1 on each has its coefficient.
class Block {
 public:
  Block(const AcScan& scan, const BlockRun& run, size_t i)
      : layout_(*scan.layout), history_(run.histories[i]) {
    if (run.blocks.data != nullptr) {
      coefficients_ = run.blocks.Block(run.first + static_cast<int>(i));
    }
  }

  bool IsZero(unsigned place) const { return (history_ & BitOf(place)) == 0; }

  void Set(unsigned place, int value) {
    history_ |= BitOf(place);
    if (coefficients_ != nullptr) At(place) = static_cast<int16_t>(value);
  }

  // Away from zero.
  void Enlarge(unsigned place, int by) {
    if (coefficients_ == nullptr) return;
    int16_t& value = At(place);
    value = static_cast<int16_t>(value < 0 ? value - by : value + by);
  }

 private:
  int16_t& At(unsigned place) { return coefficients_[layout_.offset[place]]; }

  const BlockLayout& layout_;
  uint64_t& history_;
  int16_t* coefficients_ = nullptr;
};

// The next code, with its bits.
struct NextCode {
  bool Read(const AcScan& scan, BitReader* reader) {
    reader->Refill();
    if (reader->IsFarPast(scan.end)) return false;
    bits = reader->bits();
    code = scan.codes->Find(bits);
    reader->Skip(code.length());
    return code.advance() < kNoCode;
  }

  bool ends() const { return code.advance() >= kEndOfBlock; }

  uint64_t bits;
  HuffmanCode code;
};

bool ReadFirstBlock(const AcScan& scan, Block block, EntropyState* state) {
  for (unsigned place = scan.before; place < scan.last;) {
    NextCode next;
    if (!next.Read(scan, &state->reader)) return false;
    if (next.ends()) {
      state->ended = next.code.EndedBlocks(next.bits) - 1;
      return true;
    }
    place += next.code.advance();
    if (place > scan.last) return false;
    if (next.code.size() == 0) continue;  // a run of zeros alone
    if (next.code.size() + static_cast<unsigned>(scan.low) > kLargestSize) return false;
    block.Set(place, next.code.Coefficient(next.bits) * (1 << scan.low));
  }
  return true;
}

// Reads a bit for each coefficient that is not 0, up to the `zeros`-th one that is, or to the end
// of the band. Returns the place of that, or the one after the band.
unsigned Correct(const AcScan& scan, Block* block, unsigned place, unsigned zeros,
                 BitReader* reader) {
  for (; place <= scan.last; ++place) {
    if (block->IsZero(place)) {
      if (--zeros == 0) break;
      continue;
    }
    reader->Refill();
    if (reader->bits() >> 63 != 0) block->Enlarge(place, 1 << scan.low);
    reader->Skip(1);
  }
  return place;
}

bool RefineBlock(const AcScan& scan, Block block, EntropyState* state) {
  unsigned place = scan.before + 1;
  while (place <= scan.last && state->ended == 0) {
    NextCode next;
    if (!next.Read(scan, &state->reader)) return false;
    if (next.ends()) {
      state->ended = next.code.EndedBlocks(next.bits);
      break;
    }
    if (next.code.size() > 1) return false;
    place = Correct(scan, &block, place, next.code.advance(), &state->reader);
    if (place > scan.last) return false;
    if (next.code.size() == 1) {
      block.Set(place, next.code.Coefficient(next.bits) * (1 << scan.low));
    }
    ++place;
  }
  if (state->ended > 0) {
    constexpr unsigned kAll = 64;  // more than there are zeros
    Correct(scan, &block, place, kAll, &state->reader);
    --state->ended;
  }
  return true;
}

bool ReadFirst(const AcScan& scan, const BlockRun& run, EntropyState* state) {
  for (size_t i = 0; i < run.count; ++i) {
    if (state->ended > 0) {
      --state->ended;
    } else if (!ReadFirstBlock(scan, Block(scan, run, i), state)) {
      return false;
    }
  }
  return state->reader.Left(scan.end) >= 0;
}

bool ReadRefinement(const AcScan& scan, const BlockRun& run, EntropyState* state) {
  for (size_t i = 0; i < run.count; ++i) {
    if (state->reader.IsFarPast(scan.end)) return false;
    if (!RefineBlock(scan, Block(scan, run, i), state)) return false;
  }
  return state->reader.Left(scan.end) >= 0;
}

}  // namespace

const ProgressiveKernels kProgressiveKernelsPortable = {ReadFirst, ReadRefinement};

}  // namespace regcore
