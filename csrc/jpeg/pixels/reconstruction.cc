#include "jpeg/pixels/reconstruction.h"

#include <algorithm>
#include <cstring>

namespace regcore {
namespace {

bool StepsFit(const uint16_t* steps) {
  return std::all_of(steps, steps + 64, [](uint16_t step) { return step <= kLargestStep; });
}

bool SameFactors(const FrameComponent& a, const FrameComponent& b) {
  return a.blocks_across == b.blocks_across && a.blocks_down == b.blocks_down;
}

ToRgb ToRgbFrom(JpegColours colours, const PixelKernels& kernels) {
  switch (colours) {
    case JpegColours::kGrey:
    case JpegColours::kYcc:
      break;
    case JpegColours::kRgb:
      return kernels.planes_to_rgb;
    case JpegColours::kCmyk:
      return kernels.cmyk_to_rgb;
    case JpegColours::kYcck:
      return kernels.ycck_to_rgb;
  }
  return kernels.ycc_to_rgb;
}

// Each sample four times: libjpeg does not smooth chroma of a quarter of the width.
void Repeat4(const uint8_t* samples, size_t count, uint8_t* out) {
  for (size_t i = 0; i < count; ++i) std::memset(out + 4 * i, samples[i], 4);
}

}  // namespace

McuArea::McuArea(const FrameHeader& frame, const Rect& wanted) {
  // Fancy upsampling makes a pixel of its own sample of chroma and the one that is nearest, which
  // is that of the pixel beside it or of itself.
  const int spare_x = frame.ratio_across(frame.chroma()) > 1 ? 1 : 0;
  const int spare_y = frame.ratio_down(frame.chroma()) > 1 ? 1 : 0;
  const int width = frame.mcu_width(), height = frame.mcu_height();
  first_mcu = std::max(0, wanted.left - spare_x) / width;
  last_mcu = std::min(frame.mcus_across(), RoundUp(wanted.right + spare_x, width) / width);
  first_row = std::max(0, wanted.top - spare_y) / height;
  last_row = std::min(frame.mcus_down(), RoundUp(wanted.bottom + spare_y, height) / height);
}

bool Reconstruction::Takes(const FrameHeader& frame) {
  int blocks = 0;
  for (int c = 0; c < frame.components; ++c) {
    const FrameComponent& component = frame.component[c];
    if (!StepsFit(component.quantization)) return false;
    blocks += component.blocks_across * component.blocks_down;
  }
  if (blocks > kMaxBlocksOfMcu) return false;
  if (frame.components == 1) return true;
  const FrameComponent &first = frame.component[0], &second = frame.component[1];
  const FrameComponent& last = frame.component[frame.components - 1];  // black, or chroma
  const bool alike = SameFactors(frame.component[2], second) &&
                     (SameFactors(last, second) || SameFactors(last, first));
  const bool whole = first.blocks_across % second.blocks_across == 0 &&
                     first.blocks_down % second.blocks_down == 0;
  if (!alike || !whole) return false;
  const int across = frame.ratio_across(1), down = frame.ratio_down(1);
  // libjpeg smooths neither narrower ones nor other ratios.
  if (across == 2) return down <= 2 && frame.width > 4;
  return (across == 1 && down <= 2) || (across == 4 && down == 1);
}

size_t Reconstruction::BytesFor(const FrameHeader& frame) {
  return SampleRows::BytesFor(frame, frame.mcus_across());
}

Status Reconstruction::Start(const FrameHeader& frame, const Rect& wanted, const uint8_t* rows,
                             AlignedBuffer* pixels) {
  frame_ = &frame;
  to_rgb_ = ToRgbFrom(frame.colours, kernels_);
  wanted_ = wanted;
  rows_ = rows;
  area_ = McuArea(frame, wanted);
  view_.area = wanted;
  view_.area.left = area_.first_mcu * frame.mcu_width();
  view_.area.right = std::min(frame.width, area_.last_mcu * frame.mcu_width());
  view_.stride = 3 * static_cast<ptrdiff_t>(view_.area.width());
  const int64_t bytes = view_.stride * wanted.height();
  REGCORE_RETURN_IF_ERROR(pixels->Reserve(static_cast<size_t>(bytes) + kPixelSlack));
  pixels_ = pixels->data();
  view_.data = pixels_;
  return samples_.Prepare(frame, area_.mcus());
}

bool Reconstruction::Transform(const Coefficients& coefficients, int row, int first, int count) {
  bool in_range = true;
  for (int c = 0; c < frame_->components; ++c) {
    const FrameComponent& component = frame_->component[c];
    const int16_t* steps = reinterpret_cast<const int16_t*>(component.quantization);
    const int left = 8 * component.blocks_across * first;
    for (int down = 0; down < component.blocks_down; ++down) {
      const BlockRow blocks = coefficients.Row(c, row * component.blocks_down + down);
      in_range &= kernels_.inverse_dct(blocks.data, coefficients.groups(c, count), steps,
                                       samples_.Row(c, 8 * down) + left, samples_.stride());
    }
  }
  return in_range;
}

// At its sides and at its top and bottom the chroma plane goes on as it ends.
void Reconstruction::ExtendChroma(int mcu_row) {
  const bool is_last = mcu_row == frame_->mcus_down() - 1;
  for (int c = 1; c < frame_->components; ++c) {
    const FrameComponent& component = frame_->component[c];
    const int across = frame_->ratio_across(c), down = frame_->ratio_down(c);
    const int width =
        (frame_->width + across - 1) / across - area_.first_mcu * 8 * component.blocks_across;
    const int height = (frame_->height + down - 1) / down - mcu_row * 8 * component.blocks_down;
    for (int row = 0; across == 2 && row < 8 * component.blocks_down; ++row) {
      uint8_t* samples = samples_.Row(c, row);
      samples[-1] = samples[0];
      if (area_.last_mcu == frame_->mcus_across()) samples[width] = samples[width - 1];
    }
    const auto repeat = [&](int from, int to) {
      std::memcpy(samples_.Row(c, to) - 1, samples_.Row(c, from) - 1,
                  static_cast<size_t>(samples_.stride()));
    };
    if (down == 2 && mcu_row == 0) repeat(0, -1);
    if (down == 2 && is_last) repeat(height - 1, height);
  }
}

// Row `row` of the present row of MCUs, of component `c` in full width.
const uint8_t* Reconstruction::Upsample(int c, int row) {
  const size_t count = 8 * static_cast<size_t>(area_.mcus() * frame_->component[c].blocks_across);
  const int across = frame_->ratio_across(c);
  uint8_t* const upsampled = samples_.Upsampled(c - 1);
  if (frame_->ratio_down(c) == 2) {
    const int nearest = (row + 2) / 2 - 1;
    const bool is_upper = row % 2 == 0;
    const uint8_t* const near = samples_.Row(c, nearest);
    const uint8_t* const far = samples_.Row(c, is_upper ? nearest - 1 : nearest + 1);
    if (across == 2) {
      kernels_.upsample_h2v2(near, far, count, upsampled);
    } else {
      kernels_.upsample_h1v2(near, far, is_upper ? 1 : 2, count, upsampled);
    }
    return upsampled;
  }
  if (across == 1) return samples_.Row(c, row);
  if (across == 2) {
    kernels_.upsample_h2v1(samples_.Row(c, row), count, upsampled);
  } else {
    Repeat4(samples_.Row(c, row), count, upsampled);
  }
  return upsampled;
}

void Reconstruction::WriteRow(int mcu_row, int row) {
  ComponentRows rows = {{samples_.Row(0, row), samples_.Upsampled(0), samples_.Upsampled(1)}};
  for (int c = 1; c < frame_->components; ++c) rows.of[c] = Upsample(c, row);
  const int y = mcu_row * frame_->mcu_height() + row;
  to_rgb_(rows, static_cast<size_t>(view_.area.width()),
          pixels_ + (y - view_.area.top) * view_.stride);
}

// Where chroma is subsampled vertically, the last row waits for the chroma of the MCUs below.
void Reconstruction::FinishRow(int mcu_row) {
  ExtendChroma(mcu_row);
  const bool waits = frame_->ratio_down(frame_->chroma()) == 2;
  const bool is_last = mcu_row == frame_->mcus_down() - 1;
  const int height = frame_->mcu_height();
  const int first_y = mcu_row * height;
  const int begin = std::max(wanted_.top - first_y, waits ? -1 : 0);
  const int end = std::min(wanted_.bottom - first_y, waits && !is_last ? height - 1 : height);
  for (int row = begin; row < end; ++row) {
    const bool is_read = rows_ == nullptr || rows_[first_y + row - wanted_.top] != 0;
    if (is_read) WriteRow(mcu_row, row);
  }
  samples_.Advance(*frame_);
}

}  // namespace regcore
