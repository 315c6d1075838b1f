#include "resize/band.h"

#include <algorithm>
#include <cstring>

#include "resize/pick.h"
#include "resize/transpose.h"

namespace regcore {
namespace {

constexpr int kBlock = kIntermediateBlockRows;
constexpr int kTurnedLines = 16;         // that become columns together
constexpr int kChunkBytes = 192 * 1024;  // of lines between the passes, so that they stay near
constexpr int kMaxChunkLines = 64;

int DownToBlock(int line) { return line / kBlock * kBlock; }

// How many lines the first pass makes at a time.
int ChunkLines(int columns, int longest) {
  const int lines = std::clamp(kChunkBytes / columns, 2 * kBlock, kMaxChunkLines);
  return RoundUp(std::max(lines, longest / 2), kBlock);
}

}  // namespace

Status BandResizer::Run(const PicturePlan& plan, const PixelView& picture, bool readable, int begin,
                        int end, const ResultView& out) {
  plan_ = &plan;
  picture_ = picture;
  out_ = out;
  if (plan.nearest) return PickRows(plan, picture, begin, end, out);
  source_.Begin(plan, picture, readable);
  return Resample(begin, end);
}

// Places of lines count from the first one that the picture's result depends on.
Status BandResizer::Resample(int begin, int end) {
  const AxisPlan& across = plan_->across.plan;
  const int base = across.input_begin();
  const int columns = plan_->channels * plan_->line_pixels();
  const auto start = [&](int line) { return across.start[static_cast<size_t>(line)] - base; };
  const auto stop = [&](int line) {
    return start(line) + across.length[static_cast<size_t>(line)];
  };
  int longest = 0;
  for (int line = begin; line < end; ++line) longest = std::max(longest, stop(line) - start(line));
  capacity_ = RoundUp(longest + kBlock, kBlock) + ChunkLines(columns, longest);
  held_begin_ = held_end_ = DownToBlock(start(begin));
  source_end_ = stop(end - 1);
  REGCORE_RETURN_IF_ERROR(
      intermediate_.Reserve(plan_->kernel->intermediate_bytes(capacity_, columns)));
  const int kept = plan_->transposed ? kTurnedLines : 1;
  const size_t row_bytes = static_cast<size_t>(RoundUp(columns, kReadSlack));
  REGCORE_RETURN_IF_ERROR(rows_.Reserve(static_cast<size_t>(kept) * row_bytes));
  for (int line = begin; line < end; ++line) {
    if (stop(line) > held_end_) REGCORE_RETURN_IF_ERROR(FillFrom(DownToBlock(start(line))));
    const int place = (line - begin) % kept;
    uint8_t* const row = rows_.data() + static_cast<size_t>(place) * row_bytes;
    plan_->kernel->vertical(plan_->across, line, intermediate_.data(), held_begin_, columns, row);
    if (place + 1 == kept || line + 1 == end) {
      Store(line - place, place + 1, static_cast<ptrdiff_t>(row_bytes));
    }
  }
  return {};
}

// Keeps the lines from `begin` on, and adds as many as there is room for.
Status BandResizer::FillFrom(int begin) {
  const int columns = plan_->channels * plan_->line_pixels();
  const size_t block_bytes = plan_->kernel->block_bytes(columns);
  const auto bytes = [&](int lines) { return static_cast<size_t>(lines / kBlock) * block_bytes; };
  if (begin >= held_end_) {
    held_begin_ = held_end_ = begin;
  } else if (begin > held_begin_) {
    std::memmove(intermediate_.data(), intermediate_.data() + bytes(begin - held_begin_),
                 bytes(held_end_ - begin));
    held_begin_ = begin;
  }
  const int base = plan_->across.plan.input_begin();
  const int end = std::min(held_begin_ + capacity_, source_end_);
  PixelView lines;
  REGCORE_RETURN_IF_ERROR(source_.Lines(base + held_end_, base + end, &lines));
  plan_->kernel->horizontal(plan_->along, base + held_end_, base + end, lines,
                            intermediate_.data() + bytes(held_end_ - held_begin_));
  held_end_ = end;
  return {};
}

// Finished lines, from `first` on, to the result.
void BandResizer::Store(int first, int count, ptrdiff_t row_bytes) {
  const int pixels = plan_->line_pixels();
  if (plan_->premultiplies) {
    for (int i = 0; i < count; ++i) {
      uint8_t* const row = rows_.data() + i * row_bytes;
      plan_->pixel_kernel->unpremultiply(row, static_cast<size_t>(pixels), row);
    }
  }
  if (plan_->transposed) {
    const PixelView lines = {rows_.data(), row_bytes, {0, 0, pixels, count}};
    return Transpose(lines, plan_->channels, out_.data + ptrdiff_t{plan_->channels} * first,
                     out_.stride);
  }
  std::memcpy(out_.data + first * out_.stride, rows_.data(),
              static_cast<size_t>(plan_->channels * pixels));
}

size_t BandResizer::HeldBytes() const {
  return source_.HeldBytes() + intermediate_.capacity() + rows_.capacity();
}

void BandResizer::Release() {
  source_.Release();
  intermediate_.Release();
  rows_.Release();
}

}  // namespace regcore
