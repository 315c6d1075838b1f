// From coefficients to the pixels of a part of the image, one row of MCUs after the other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/image_view.h"
#include "base/simd_level.h"
#include "base/status.h"
#include "jpeg/pixels/coefficients.h"
#include "jpeg/pixels/frame_header.h"
#include "jpeg/pixels/kernels.h"
#include "jpeg/pixels/sample_rows.h"

namespace regcore {

// Room after the pixels, for kernels that write and read on.
inline constexpr size_t kPixelSlack = 3 * kSampleSlack + kReadSlack;

// The MCUs of which the pixels of a part are made; of both ranges, the last one is excluded.
struct McuArea {
  McuArea() = default;
  McuArea(const FrameHeader& frame, const Rect& wanted);

  int mcus() const { return last_mcu - first_mcu; }
  int rows() const { return last_row - first_row; }

  int first_mcu = 0, last_mcu = 0;  // in each row of MCUs
  int first_row = 0, last_row = 0;  // of MCUs
};

// Not thread-safe.
class Reconstruction {
 public:
  explicit Reconstruction(SimdLevel level) : kernels_(PixelKernelsFor(level)) {}

  // Whether images of such a header are decoded at all.
  static bool Takes(const FrameHeader& frame);

  // What is held at most, without the pixels.
  static size_t BytesFor(const FrameHeader& frame);

  // Begins an image, whose header and `rows` must outlive the last FinishRow. `wanted` will be in
  // `pixels`, with columns beside it, which mean nothing, like rows whose byte of `rows` is 0;
  // null: all are written.
  Status Start(const FrameHeader& frame, const Rect& wanted, const uint8_t* rows,
               AlignedBuffer* pixels);

  // How the coefficients lie in groups, and of which MCUs they are wanted.
  int group() const { return kernels_.group; }
  const McuArea& area() const { return area_; }

  // Makes samples of `count` MCUs, from MCU `first` of the area on, in the present row of MCUs. The
  // coefficients are the first ones of row `row` of MCUs of `coefficients`. False: out of range.
  bool Transform(const Coefficients& coefficients, int row, int first, int count);

  // Writes what can be written of the pixels of row `mcu_row` of the image's MCUs, all of whose
  // samples are made.
  void FinishRow(int mcu_row);

  const RgbView& view() const { return view_; }

  size_t capacity() const { return samples_.capacity(); }
  void Release() { samples_.Release(); }

 private:
  void ExtendChroma(int mcu_row);
  const uint8_t* Upsample(int component, int row);
  void WriteRow(int mcu_row, int row);

  const PixelKernels& kernels_;
  ToRgb to_rgb_ = nullptr;
  SampleRows samples_;
  const FrameHeader* frame_ = nullptr;
  Rect wanted_;
  McuArea area_;
  RgbView view_;
  uint8_t* pixels_ = nullptr;      // of the view
  const uint8_t* rows_ = nullptr;  // a byte for each wanted row; 0: nobody reads it
};

}  // namespace regcore
