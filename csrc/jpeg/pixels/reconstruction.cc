#include "jpeg/pixels/reconstruction.h"

#include <algorithm>
#include <cstring>

namespace regcore {
namespace {

bool StepsFit(const uint16_t* steps) {
  return std::all_of(steps, steps + 64, [](uint16_t step) { return step <= kLargestStep; });
}

}  // namespace

McuArea::McuArea(const FrameHeader& frame, const Rect& wanted) {
  // Fancy upsampling makes a pixel of its own sample of chroma and the one that is nearest, which
  // is that of the pixel beside it or of itself.
  const int spare_x = frame.component[0].blocks_across > 1 ? 1 : 0;
  const int spare_y = frame.component[0].blocks_down > 1 ? 1 : 0;
  const int width = frame.mcu_width(), height = frame.mcu_height();
  first_mcu = std::max(0, wanted.left - spare_x) / width;
  last_mcu = std::min(frame.mcus_across(), RoundUp(wanted.right + spare_x, width) / width);
  first_row = std::max(0, wanted.top - spare_y) / height;
  last_row = std::min(frame.mcus_down(), RoundUp(wanted.bottom + spare_y, height) / height);
}

bool Reconstruction::Takes(const FrameHeader& frame) {
  for (int c = 0; c < frame.components; ++c) {
    if (!StepsFit(frame.component[c].quantization)) return false;
  }
  const int across = frame.component[0].blocks_across;
  const int down = frame.component[0].blocks_down;
  if (across < down || across > 2) return false;  // not 4:4:0
  // libjpeg does not smooth narrower ones.
  return across == 1 || frame.width > 4;
}

size_t Reconstruction::BytesFor(const FrameHeader& frame) {
  return SampleRows::BytesFor(frame, frame.mcus_across());
}

Status Reconstruction::Start(const FrameHeader& frame, const Rect& wanted, const uint8_t* rows,
                             AlignedBuffer* pixels) {
  frame_ = &frame;
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
  for (int c = 1; c < frame_->components; ++c) {
    const int width = (frame_->width + 1) / 2 - area_.first_mcu * 8;
    const int height = (frame_->height + 1) / 2 - mcu_row * 8;
    for (int row = 0; row < 8; ++row) {
      uint8_t* samples = samples_.Row(c, row);
      samples[-1] = samples[0];
      if (area_.last_mcu == frame_->mcus_across()) samples[width] = samples[width - 1];
    }
    const auto repeat = [&](int from, int to) {
      std::memcpy(samples_.Row(c, to) - 1, samples_.Row(c, from) - 1,
                  static_cast<size_t>(samples_.stride()));
    };
    if (mcu_row == 0) repeat(0, -1);
    if (mcu_row == frame_->mcus_down() - 1 && frame_->component[0].blocks_down > 1) {
      repeat(height - 1, height);
    }
  }
}

void Reconstruction::WriteRow(int y, const uint8_t* luma, const uint8_t* cb, const uint8_t* cr) {
  kernels_.ycc_to_rgb(luma, cb, cr, static_cast<size_t>(view_.area.width()),
                      pixels_ + (y - view_.area.top) * view_.stride);
}

// Where chroma is subsampled vertically, the last row waits for the chroma of the MCUs below.
void Reconstruction::FinishRow(int mcu_row) {
  const FrameHeader& frame = *frame_;
  const bool subsampled_across = frame.component[0].blocks_across > 1;
  const bool subsampled_down = frame.component[0].blocks_down > 1;
  if (subsampled_across) ExtendChroma(mcu_row);
  const int height = frame.mcu_height();
  const bool last = mcu_row == frame.mcus_down() - 1;
  const int first_y = mcu_row * height;
  const int begin = std::max(wanted_.top - first_y, subsampled_down ? -1 : 0);
  const int end =
      std::min(wanted_.bottom - first_y, subsampled_down && !last ? height - 1 : height);
  const size_t count = static_cast<size_t>(area_.mcus()) * 8;
  for (int row = begin; row < end; ++row) {
    if (rows_ != nullptr && rows_[first_y + row - wanted_.top] == 0) continue;
    const uint8_t* chroma[2] = {samples_.Upsampled(0), samples_.Upsampled(1)};
    for (int c = 1; c < frame.components; ++c) {
      uint8_t* upsampled = samples_.Upsampled(c - 1);
      if (subsampled_down) {
        const int nearest = (row + 2) / 2 - 1;
        kernels_.upsample_h2v2(samples_.Row(c, nearest),
                               samples_.Row(c, nearest + (row % 2 == 0 ? -1 : 1)), count,
                               upsampled);
      } else if (subsampled_across) {
        kernels_.upsample_h2v1(samples_.Row(c, row), count, upsampled);
      } else {
        chroma[c - 1] = samples_.Row(c, row);
      }
    }
    WriteRow(first_y + row, samples_.Row(0, row), chroma[0], chroma[1]);
  }
  samples_.Advance(frame);
}

}  // namespace regcore
