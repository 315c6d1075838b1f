#include "jpeg/progressive/block_histories.h"

#include <cstring>

namespace regcore {
namespace {

size_t BlocksAcross(const FrameHeader& frame, int component) {
  return static_cast<size_t>(frame.mcus_across() * frame.component[component].blocks_across);
}

size_t Blocks(const FrameHeader& frame, int component) {
  return BlocksAcross(frame, component) *
         static_cast<size_t>(frame.mcus_down() * frame.component[component].blocks_down);
}

}  // namespace

size_t BlockHistories::BytesFor(const FrameHeader& frame) {
  size_t blocks = 0;
  for (int c = 0; c < frame.components; ++c) blocks += Blocks(frame, c);
  return blocks * sizeof(uint64_t);
}

Status BlockHistories::Prepare(const FrameHeader& frame) {
  const size_t bytes = BytesFor(frame);
  REGCORE_RETURN_IF_ERROR(buffer_.Reserve(bytes));
  std::memset(buffer_.data(), 0, bytes);
  size_t next = 0;
  for (int c = 0; c < frame.components; ++c) {
    first_[c] = next;
    stride_[c] = BlocksAcross(frame, c);
    next += Blocks(frame, c);
  }
  return {};
}

}  // namespace regcore
