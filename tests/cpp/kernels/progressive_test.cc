// The readers of a progressive JPEG's scans: every instruction set like the plain loop.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "jpeg/entropy/entropy_segments.h"
#include "jpeg/progressive/kernels.h"
#include "kernels/kernel_test.h"
#include "kernels/random_code.h"
#include "random.h"

namespace regcore {
namespace {

// Blocks of one component as earlier scans left them, and what a scan makes of them.
struct Blocks {
  static constexpr unsigned kGroupShift = 1;
  static constexpr int kBefore = 3;  // blocks of the row before those of the scan

  // `density` of coefficients that are not 0, from 0 to 4.
  Blocks(int count, int density, Random* random)
      : histories(static_cast<size_t>(count)),
        values(static_cast<size_t>(RoundUpToGroup(count + kBefore)) * kBlockSize) {
    std::fill(std::begin(layout.offset), std::end(layout.offset), uint16_t{8 * 16});
    for (unsigned place = 1; place <= 64; ++place) {
      layout.offset[place] = static_cast<uint16_t>((place - 1) / 8 * 16 + (place - 1) % 8);
    }
    for (int i = 0; i < count; ++i) {
      for (unsigned place = 2; place <= 64; ++place) {
        if (random->Between(0, 4) >= density) continue;
        histories[static_cast<size_t>(i)] |= uint64_t{1} << (64 - place);
        const int value = 16 * random->Between(1, 20);
        row().Block(kBefore + i)[layout.offset[place]] =
            static_cast<int16_t>(random->Between(0, 1) == 0 ? value : -value);
      }
    }
  }

  static int RoundUpToGroup(int count) { return (count + 1) / 2 * 2; }

  BlockRow row() { return {values.data(), kGroupShift}; }

  BlockLayout layout;
  std::vector<uint64_t> histories;
  std::vector<int16_t> values;
};

struct Result {
  bool sound = false;
  int64_t left = 0;
  uint32_t ended = 0;
  Blocks blocks;
};

std::vector<uint8_t> Symbols(bool refines, Random* random) {
  std::vector<uint8_t> symbols = {0x00, 0xF0};
  const int largest_run = random->Between(0, 15);
  const int largest_size = refines ? 1 : random->Between(1, 10);
  for (int run = 0; run <= largest_run; ++run) {
    for (int size = 1; size <= largest_size; ++size) {
      symbols.push_back(static_cast<uint8_t>(run << 4 | size));
    }
  }
  for (int run = 1; run < 15; run += random->Between(1, 5)) {
    symbols.push_back(static_cast<uint8_t>(run << 4));
  }
  if (refines && random->Between(0, 9) == 0) symbols.push_back(0x02);  // no symbol of a refinement
  return symbols;
}

class ProgressiveTest : public LevelTest {
 protected:
  static Result Read(SimdLevel level, bool refines, const AcScan& scan, const Blocks& before,
                     bool keeps, uint32_t ended, const std::vector<uint8_t>& data, size_t size) {
    Result result{false, 0, ended, before};
    Blocks& blocks = result.blocks;
    AcScan own = scan;
    own.layout = &blocks.layout;
    own.end = data.data() + size;
    EntropyState state{BitReader(data.data()), ended};
    const BlockRun run{blocks.histories.data(), blocks.histories.size(),
                       keeps ? blocks.row() : BlockRow(), Blocks::kBefore};
    const ProgressiveKernels& kernels = ProgressiveKernelsFor(level);
    result.sound = (refines ? kernels.refinement : kernels.first)(own, run, &state);
    result.left = state.reader.Left(own.end);
    result.ended = state.ended;
    return result;
  }
};

TEST_P(ProgressiveTest, EqualsThePlainLoop) {
  Random random(5);
  int sound = 0, cases = 0;
  for (int i = 0; i < Cases(2000, 20000); ++i) {
    ++cases;
    const bool refines = random.Between(0, 1) == 1;
    HuffmanTable codes(HuffmanClass::kProgressiveAc);
    const RandomCode code(Symbols(refines, &random), &random);
    bool rebuilt = false;
    if (!codes.Build(code.spec(), &rebuilt)) continue;
    const Blocks before(random.Between(1, 9), refines ? random.Between(0, 4) : 0, &random);
    AcScan scan{};
    scan.codes = &codes;
    scan.before = static_cast<unsigned>(random.Between(1, 63));
    scan.last = static_cast<unsigned>(random.Between(static_cast<int>(scan.before) + 1, 64));
    if (random.Between(0, 1) == 0) {
      scan.before = 1;
      scan.last = 64;
    }
    scan.low = random.Between(0, 3);
    const size_t size = static_cast<size_t>(random.Between(0, 200));
    const auto bytes = random.Bytes(size);
    std::vector<uint8_t> data(bytes.get(), bytes.get() + size);
    data.resize(size + EntropySegments::kReadAhead);
    const bool keeps = random.Between(0, 3) > 0;
    const uint32_t ended = random.Between(0, 4) == 0 ? 2 : 0;
    const Result expected =
        Read(SimdLevel::kPortable, refines, scan, before, keeps, ended, data, size);
    const Result result = Read(GetParam(), refines, scan, before, keeps, ended, data, size);
    const std::string name = "scan " + std::to_string(i);
    ASSERT_EQ(result.sound, expected.sound) << "verdict on " << name;
    if (!expected.sound) continue;
    ++sound;
    // Where the coefficients go that have no place, nothing is compared.
    ASSERT_TRUE(result.left == expected.left && result.ended == expected.ended &&
                result.blocks.histories == expected.blocks.histories)
        << "state after " << name;
    ASSERT_TRUE(result.blocks.values == expected.blocks.values) << "values of " << name;
  }
  EXPECT_GT(sound, cases / 10);
}

INSTANTIATE_TEST_SUITE_P(Levels, ProgressiveTest, testing::ValuesIn(VectorLevels()), LevelName);

}  // namespace
}  // namespace regcore
