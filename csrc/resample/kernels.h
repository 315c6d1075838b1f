// Pillow's two-pass resize of a window: the kernels' common shape, and their choice.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/image_view.h"
#include "base/simd_level.h"
#include "resample/axis_plan.h"

namespace regcore {

// A plan, and its weights in the order in which one kernel reads them. Only the kernel that packed
// it knows the layout of `weights` and the meaning of `blocks`, `shape` and `parts`.
struct PackedAxis {
  AxisPlan plan;
  std::vector<uint8_t> read_inputs;  // ReadInputs of the plan
  int channels = 3;
  AlignedBuffer weights;
  std::vector<int32_t> blocks;
  int shape = 0;
  int parts = 0;
  int shift = 0;  // by how many bits, all of them zero, the weights were shifted right
};

// Intermediate images come in blocks of so many rows, the last of which may lack some.
inline constexpr int kIntermediateBlockRows = 4;

// One instruction set, for pictures of one number of channels. The horizontal pass rounds to uint8
// into an intermediate image whose layout is the kernel's own; the vertical pass reads it row by
// row. A column is one channel of one pixel: a row has channels * horizontal.count columns. Kernels
// know nothing of threads or formats.
struct ResampleKernel {
  Status (*pack_horizontal)(PackedAxis* axis);
  Status (*pack_vertical)(PackedAxis* axis);

  // Bytes of one block of intermediate rows.
  size_t (*block_bytes)(int columns);

  // Bytes of an intermediate image of `rows` rows, whatever the kernel reads past them included.
  size_t (*intermediate_bytes)(int rows, int columns);

  // Rows [begin, end) of `source`, which must hold them and the columns that `horizontal` reads,
  // with kReadSlack past them.
  void (*horizontal)(const PackedAxis& horizontal, int begin, int end, const PixelView& source,
                     uint8_t* intermediate);

  // Output row vertical.first + row; `out` has room for `columns` rounded up to 64. The
  // intermediate image begins with row vertical.input_begin() + skipped, whole blocks later.
  void (*vertical)(const PackedAxis& vertical, int row, const uint8_t* intermediate, int skipped,
                   int columns, uint8_t* out);

  // Whether a block is four rows one after the other, so that `horizontal` may begin with any row,
  // and the intermediate image too.
  bool plain_rows = false;
};

// For a kernel that reads the plan as it is.
Status PackNothing(PackedAxis* axis);

// By the number of channels.
struct ResampleKernels {
  ResampleKernel one;
  ResampleKernel three;
  ResampleKernel four;

  const ResampleKernel& For(int channels) const {
    return channels == 1 ? one : channels == 3 ? three : four;
  }
};

// For 1, 3 or 4 channels. Every level gives the same bytes; kPortable is the plain loop that the
// others are tested against.
const ResampleKernel& ResampleKernelFor(SimdLevel level, int channels = 3);

extern const ResampleKernels kResamplePortable;
extern const ResampleKernels kResampleAvx2;
extern const ResampleKernels kResampleAvx512;
extern const ResampleKernels kResampleAvx512Vnni;
extern const ResampleKernels kResampleAvx512Vbmi;
// For three channels only.
extern const ResampleKernel kResampleNeon;
extern const ResampleKernel kResampleNeonDotprod;

}  // namespace regcore
