#include "jpeg/pixels/coefficients.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

namespace regcore {
namespace {

// ITU-T T.81, figure 5: row and column of the places in the zigzag order.
constexpr uint8_t kZigzag[64] = {
    000, 001, 010, 020, 011, 002, 003, 012, 021, 030, 040, 031, 022, 013, 004, 005,
    014, 023, 032, 041, 050, 060, 051, 042, 033, 024, 015, 006, 007, 016, 025, 034,
    043, 052, 061, 070, 071, 062, 053, 044, 035, 026, 017, 027, 036, 045, 054, 063,
    072, 073, 064, 055, 046, 037, 047, 056, 065, 074, 075, 066, 057, 067, 076, 077,
};  // octal: a digit for the row, one for the column

size_t RoundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

size_t BlocksAcross(const FrameComponent& component, int mcus, int group) {
  return RoundUp(static_cast<size_t>(component.blocks_across) * static_cast<size_t>(mcus),
                 static_cast<size_t>(group));
}

}  // namespace

size_t Coefficients::BytesFor(const FrameHeader& frame, int mcus, int mcu_rows) {
  size_t blocks = 0;
  for (int c = 0; c < frame.components; ++c) {
    const FrameComponent& component = frame.component[c];
    blocks += static_cast<size_t>(component.blocks_down) * BlocksAcross(component, mcus, kMaxGroup);
  }
  return static_cast<size_t>(mcu_rows) * blocks * kBlockSize * sizeof(int16_t);
}

Status Coefficients::Prepare(const FrameHeader& frame, int mcus, int mcu_rows, int group) {
  const size_t bytes = BytesFor(frame, mcus, mcu_rows);
  REGCORE_RETURN_IF_ERROR(buffer_.Reserve(bytes));
  std::memset(buffer_.data(), 0, bytes);
  shift_ = static_cast<unsigned>(std::countr_zero(static_cast<unsigned>(group)));
  const unsigned row = 8u << shift_;
  std::fill(std::begin(layout_.offset), std::end(layout_.offset), static_cast<uint16_t>(8 * row));
  for (unsigned place = 1; place <= 64; ++place) {
    const unsigned at = kZigzag[place - 1];
    layout_.offset[place] = static_cast<uint16_t>((at >> 3) * row + (at & 7));
  }
  int16_t* next = reinterpret_cast<int16_t*>(buffer_.data());
  for (int c = 0; c < frame.components; ++c) {
    const FrameComponent& component = frame.component[c];
    first_row_[c] = next;
    stride_[c] = static_cast<ptrdiff_t>(BlocksAcross(component, mcus, group) * kBlockSize);
    blocks_across_[c] = component.blocks_across;
    next += stride_[c] * component.blocks_down * mcu_rows;
  }
  return {};
}

void Coefficients::Release() { buffer_.Release(); }

}  // namespace regcore
