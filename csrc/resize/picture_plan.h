// All that the resize of one picture needs but its pixels: made once, read by every worker.
#pragma once

#include <cstddef>

#include "base/image_view.h"
#include "base/simd_level.h"
#include "base/status.h"
#include "resample/kernels.h"
#include "resize/kernels.h"
#include "resize/resize_geometry.h"

namespace regcore {

// The two passes run over lines: the rows of the picture or, where the vertical pass comes first,
// its columns, as rows of the transposed picture.
struct PicturePlan {
  int channels = 3;
  ResizeRequest request;
  ResizeGeometry geometry;
  bool premultiplies = false;  // RGBA
  bool transposed = false;
  bool nearest = false;  // pixels are picked, by the plans' starts
  PackedAxis along;      // within a line
  PackedAxis across;     // from line to line
  const ResampleKernel* kernel = nullptr;
  const PixelKernel* pixel_kernel = nullptr;

  int lines() const { return across.plan.count; }
  int line_pixels() const { return along.plan.count; }

  // The part of the picture that the result depends on.
  Rect Wanted() const;
};

// For a picture of that size. Errors are those of MakeResizeGeometry.
Status MakePicturePlan(int width, int height, int channels, const ResizeRequest& request,
                       SimdLevel level, PicturePlan* plan);

}  // namespace regcore
