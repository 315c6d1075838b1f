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

  // Enlarges those of `places` by `by`, away from zero.
  void Enlarge(uint64_t places, int by) const {
    if constexpr (kKept) {
      for (; places != 0; places ^= BitOf(PlaceOf(places))) {
        int16_t& value = block_[layout_->offset[PlaceOf(places)]];
        const int sign = value >> 15;  // all ones, or 0
        value = static_cast<int16_t>(value + ((by ^ sign) - sign));
      }
    }
  }

  // Sets those of `places` to `by`, those of them that are in `negative` to its opposite.
  void SetAll(uint64_t places, uint64_t negative, int by) const {
    if constexpr (kKept) {
      for (; places != 0; places ^= BitOf(PlaceOf(places))) {
        const unsigned place = PlaceOf(places);
        Set(place, static_cast<int16_t>((negative & BitOf(place)) != 0 ? -by : by));
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
  // A coefficient has 10 bits at most, and the end of blocks 14 after its code of 16.
  static_assert(16 + kLargestSize + 16 + 14 <= BitReader::kRefilled);
  do {
    reader->Refill();  // for two codes
    if (reader->IsFarPast(scan.end)) return false;
  } while (take() && take());
  *history |= read;
  return too_large == 0 && (place <= scan.last || place == kEndOfBlock);
}

// Which of `places` the next bits say, of which there is one for each. The reader has to have
// `available` bits.
uint64_t Deposit(uint64_t places, int available, BitReader* reader) {
  const int count = std::popcount(places);
  uint64_t said = 0;
  if (count > available) [[unlikely]] {
    constexpr uint64_t kLater = 0xFFFFFFFF;
    reader->Refill();
    const int first = std::popcount(places & ~kLater);
    said = _pdep_u64(reader->bits() >> 1 >> (63 - first), places & ~kLater);
    reader->Skip(static_cast<uint64_t>(first));
    reader->Refill();
    places &= kLater;
  }
  const int rest = std::popcount(places);
  said |= _pdep_u64(reader->bits() >> 1 >> (63 - rest), places);
  reader->Skip(static_cast<uint64_t>(rest));
  return said;
}

// Reads bit `low` of a block's band. False: it is not sound.
template <bool kKept>
bool RefineBlock(const AcScan& scan, const Target<kKept>& target, BitReader* reader,
                 uint64_t* history, uint32_t* ended) {
  constexpr int kAfterCode = BitReader::kRefilled - 17;  // a code of 16 bits, and a sign
  const uint64_t nonzero = *history;
  uint64_t added = 0, negative = 0, enlarged = 0;
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
    enlarged |= Deposit(left & nonzero & ~(own - 1), kAfterCode, reader);
    left &= own - 1;
    const uint64_t set = code.size() != 0 ? own : 0;
    added |= set;
    negative |= code.Coefficient(bits) < 0 ? set : 0;
  }
  if (*ended > 0) {
    reader->Refill();
    enlarged |= Deposit(left & nonzero, BitReader::kRefilled, reader);
    --*ended;
  }
  target.Enlarge(enlarged, 1 << scan.low);
  target.SetAll(added, negative, 1 << scan.low);
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
