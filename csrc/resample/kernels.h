// Pillow's two-pass resize of RGB8, crop window only: the kernels' common shape, and their choice.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/image_view.h"
#include "base/simd_level.h"
#include "resample/axis_plan.h"

namespace regcore {

// A plan, and its weights in the order in which one kernel reads them. Only the kernel that packed
// it knows the layout of `weights` and the meaning of `blocks` and `shape`.
struct PackedAxis {
  AxisPlan plan;
  AlignedBuffer weights;
  std::vector<int32_t> blocks;
  int shape = 0;
};

// One instruction set. The horizontal pass rounds to uint8 into an intermediate image whose
// layout is the kernel's own; the vertical pass reads it row by row. A column is one colour of one
// pixel: a row has 3 * horizontal.count columns. Kernels know nothing of threads or formats.
struct ResampleKernel {
  Status (*pack_horizontal)(PackedAxis* axis);
  Status (*pack_vertical)(PackedAxis* axis);

  // Bytes of an intermediate image of `rows` rows, whatever the kernel reads past them included.
  size_t (*intermediate_bytes)(int rows, int columns);

  // Rows [vertical.input_begin(), vertical.input_end()) of `source`, which must hold them and the
  // columns that `horizontal` reads, with kReadSlack past them.
  void (*horizontal)(const PackedAxis& horizontal, const AxisPlan& vertical, const RgbView& source,
                     uint8_t* intermediate);

  // Output row vertical.first + row as RGB8; `out` has room for `columns` rounded up to 64.
  void (*vertical)(const PackedAxis& vertical, int row, const uint8_t* intermediate, int columns,
                   uint8_t* out);
};

// Every level gives the same bytes; kPortable is the plain loop that the others are tested against.
const ResampleKernel& ResampleKernelFor(SimdLevel level);

extern const ResampleKernel kResamplePortable;
extern const ResampleKernel kResampleAvx2;
extern const ResampleKernel kResampleAvx512;
extern const ResampleKernel kResampleAvx512Vnni;
extern const ResampleKernel kResampleAvx512Vbmi;
extern const ResampleKernel kResampleNeon;
extern const ResampleKernel kResampleNeonDotprod;

}  // namespace regcore
