#include "jpeg/baseline/block_targets.h"

namespace regcore {
namespace {

// Where the first coefficient of a block alone is kept, and all others after it.
constexpr size_t kKept = 2;

constexpr BlockLayout FirstAlone() {
  BlockLayout layout{};
  for (uint16_t& offset : layout.offset) offset = 1;
  layout.offset[1] = 0;
  return layout;
}

constexpr BlockLayout kFirstAlone = FirstAlone();

}  // namespace

size_t BlockTargets::BytesFor(int mcus) {
  const size_t blocks = size_t{kMaxBlocksOfMcu} * static_cast<size_t>(mcus);
  return (blocks + 1) * sizeof(BlockTarget) + blocks * kKept * sizeof(int16_t);
}

Status BlockTargets::Prepare(const FrameHeader& frame, const ComponentTables* tables, int mcus,
                             const Coefficients* coefficients) {
  REGCORE_RETURN_IF_ERROR(buffer_.Reserve(BytesFor(mcus)));
  layout_ = coefficients != nullptr ? &coefficients->layout() : &kFirstAlone;
  components_ = frame.components;
  for (int c = 0; c < components_; ++c) {
    const FrameComponent& component = frame.component[c];
    first_of_[c + 1] =
        first_of_[c] + static_cast<size_t>(component.blocks_across * component.blocks_down);
  }
  const size_t blocks = per_mcu() * static_cast<size_t>(mcus);
  auto* kept = reinterpret_cast<int16_t*>(targets() + blocks + 1);
  BlockTarget* next = targets();
  for (int mcu = 0; mcu < mcus; ++mcu) {
    for (int c = 0; c < components_; ++c) {
      const FrameComponent& component = frame.component[c];
      for (int down = 0; down < component.blocks_down; ++down) {
        for (int across = 0; across < component.blocks_across; ++across, kept += kKept) {
          const int column = mcu * component.blocks_across + across;
          int16_t* block =
              coefficients != nullptr ? coefficients->Row(c, down).Block(column) : kept;
          *next++ = {block, tables[c].dc, tables[c].ac};
        }
      }
    }
  }
  *next = {nullptr, tables[0].dc, tables[0].ac};  // before what would be next
  return {};
}

bool BlockTargets::AddUp(int first, int count, int* dc) const {
  const BlockTarget* const begin = Mcu(first);
  const BlockTarget* const end = Mcu(first + count);
  unsigned out_of_range = 0;
  for (int c = 0; c < components_; ++c) {
    int sum = dc[c];
    for (const BlockTarget* mcu = begin; mcu != end; mcu += per_mcu()) {
      for (size_t i = first_of_[c]; i < first_of_[c + 1]; ++i) {
        sum += *mcu[i].block;
        out_of_range |= static_cast<unsigned>(sum + kLargestDc + 1) & ~(2u * kLargestDc + 1);
        *mcu[i].block = static_cast<int16_t>(sum);
      }
    }
    dc[c] = sum;
  }
  return out_of_range == 0;
}

}  // namespace regcore
