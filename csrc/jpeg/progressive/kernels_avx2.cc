// By histories as a whole, for processors that deposit bits where a mask has ones (BMI2): the bits
// of a refinement lie in the order of the coefficients that are not 0, and so does the mask.
#include <immintrin.h>

#include <bit>
#include <cstdlib>

#include "jpeg/progressive/kernels.h"

namespace regcore {
namespace {

constexpr uint64_t BitOf(unsigned place) { return uint64_t{1} << (64 - place); }

unsigned PlaceOf(uint64_t bit) { return static_cast<unsigned>(std::countl_zero(bit)) + 1; }

// The coefficients of a run's blocks, or nothing in their place.
template <bool kKept>
class Target {
 public:
  Target(const AcScan& scan, const BlockRun& run, size_t i) {
    if constexpr (kKept) {
      layout_ = scan.layout;
      block_ = run.blocks.Block(run.first + static_cast<int>(i));
    }
  }

  void Set(unsigned place, int16_t value) const {
    if constexpr (kKept) block_[layout_->offset[place]] = value;
  }

  // Enlarges those of `places`, away from zero.
  void Enlarge(uint64_t places, int by) const {
    if constexpr (kKept) {
      for (; places != 0;) {
        const unsigned place = PlaceOf(places);
        int16_t& value = block_[layout_->offset[place]];
        const int sign = value >> 15;  // all ones, or 0
        value = static_cast<int16_t>(value + ((by ^ sign) - sign));
        places ^= BitOf(place);
      }
    }
  }

 private:
  const BlockLayout* layout_ = nullptr;
  int16_t* block_ = nullptr;
};

// Reads the codes of a block's band. False: they are not sound.
template <bool kKept>
bool ReadFirstBlock(const AcScan& scan, const Target<kKept>& target, BitReader* reader,
                    uint64_t* history, uint32_t* ended) {
  const int bound = 1 << (kLargestSize - static_cast<unsigned>(scan.low));
  uint64_t read = 0;
  int too_large = 0;
  unsigned place = scan.before;
  const auto take = [&] {  // false: the block has no more codes
    const uint64_t bits = reader->bits();
    const HuffmanCode code = scan.codes->Find(bits);
    reader->Skip(code.length());
    if (code.advance() >= kEndOfBlock) {
      *ended = code.EndedBlocks(bits) - 1;
      place = code.advance();
      return false;
    }
    place += code.advance();
    const int value = code.Coefficient(bits);
    too_large |= std::abs(value) & -bound;
    target.Set(place, static_cast<int16_t>(value * (1 << scan.low)));
    read |= uint64_t{code.size() != 0} << ((64 - place) & 63);
    return place < scan.last;
  };
  do {
    reader->Refill();  // for two codes
    if (reader->IsFarPast(scan.end)) return false;
  } while (take() && take());
  *history |= read;
  return too_large == 0 && (place <= scan.last || place == kEndOfBlock);
}

// Reads a bit for each coefficient of `places`.
template <bool kKept>
void Correct(uint64_t places, int by, const Target<kKept>& target, BitReader* reader) {
  const int count = std::popcount(places);
  if (count > BitReader::kRefilled) [[unlikely]] {
    constexpr uint64_t kLater = 0xFFFFFFFF;
    Correct(places & ~kLater, by, target, reader);
    Correct(places & kLater, by, target, reader);
    return;
  }
  reader->Refill();
  if constexpr (kKept) {
    const uint64_t next = reader->bits() >> 1 >> (63 - count);
    target.Enlarge(_pdep_u64(next, places), by);
  }
  reader->Skip(static_cast<uint64_t>(count));
}

// Reads bit `low` of a block's band. False: it is not sound.
template <bool kKept>
bool RefineBlock(const AcScan& scan, const Target<kKept>& target, BitReader* reader,
                 uint64_t* history, uint32_t* ended) {
  const int by = 1 << scan.low;
  const uint64_t nonzero = *history;
  uint64_t added = 0;
  // What of the band is to come, of which the first place has the highest bit.
  uint64_t left = (~uint64_t{0} >> scan.before) & (~uint64_t{0} << (64 - scan.last));
  while (left != 0 && *ended == 0) {
    reader->Refill();
    if (reader->IsFarPast(scan.end)) return false;
    const uint64_t bits = reader->bits();
    const HuffmanCode code = scan.codes->Find(bits);
    reader->Skip(code.length());
    if (code.advance() >= kEndOfBlock) {
      if (code.advance() != kEndOfBlock) return false;
      *ended = code.EndedBlocks(bits);
      break;
    }
    // The code's own place is the zero so many zeros on.
    const uint64_t zeros = left & ~nonzero;
    const int after = std::popcount(zeros) - static_cast<int>(code.advance());
    if (after < 0 || code.size() > 1) return false;
    const uint64_t own = _pdep_u64(uint64_t{1} << after, zeros);
    const uint64_t before_own = left & ~(own | (own - 1));
    left &= own - 1;
    Correct(before_own & nonzero, by, target, reader);
    if (code.size() == 1) {
      added |= own;
      target.Set(PlaceOf(own), static_cast<int16_t>(code.Coefficient(bits) * by));
    }
  }
  if (*ended > 0) {
    Correct(left & nonzero, by, target, reader);
    --*ended;
  }
  *history = nonzero | added;
  return true;
}

template <bool kKept>
bool ReadFirst(const AcScan& scan, const BlockRun& run, EntropyState* state) {
  BitReader reader = state->reader;  // in registers
  uint32_t ended = state->ended;
  for (size_t i = 0; i < run.count; ++i) {
    if (ended > 0) {
      --ended;
      continue;
    }
    const Target<kKept> target(scan, run, i);
    if (!ReadFirstBlock(scan, target, &reader, &run.histories[i], &ended)) return false;
  }
  *state = {reader, ended};
  return reader.Left(scan.end) >= 0;
}

template <bool kKept>
bool ReadRefinement(const AcScan& scan, const BlockRun& run, EntropyState* state) {
  BitReader reader = state->reader;
  uint32_t ended = state->ended;
  for (size_t i = 0; i < run.count; ++i) {
    if (reader.IsFarPast(scan.end)) return false;
    const Target<kKept> target(scan, run, i);
    if (!RefineBlock(scan, target, &reader, &run.histories[i], &ended)) return false;
  }
  *state = {reader, ended};
  return reader.Left(scan.end) >= 0;
}

bool ReadFirstOfRun(const AcScan& scan, const BlockRun& run, EntropyState* state) {
  return run.blocks.data != nullptr ? ReadFirst<true>(scan, run, state)
                                    : ReadFirst<false>(scan, run, state);
}

bool RefineRun(const AcScan& scan, const BlockRun& run, EntropyState* state) {
  return run.blocks.data != nullptr ? ReadRefinement<true>(scan, run, state)
                                    : ReadRefinement<false>(scan, run, state);
}

}  // namespace

const ProgressiveKernels kProgressiveKernelsAvx2 = {ReadFirstOfRun, RefineRun};

}  // namespace regcore
