// Which parts of a picture Image.resize of Pillow works on, as numbers: no pixels.
#pragma once

#include "base/image_view.h"
#include "base/status.h"
#include "resample/axis_plan.h"

namespace regcore {

// What the caller wants of a picture.
struct ResizeRequest {
  int width = 0;  // of the result, each at least 1
  int height = 0;
  Filter filter = Filter::kBicubic;
  PassOrder order = PassOrder::kPillow13;
  bool has_box = false;
  double box[4] = {};       // left, top, right, bottom of what the result shows, in pixels
  double reducing_gap = 0;  // 0: none, otherwise at least 1
};

// Blocks of `factor_x` x `factor_y` pixels of `reduced` become one pixel each, unless both are 1;
// the two passes then take `box` of that.
struct ResizeGeometry {
  bool copies = false;  // the result is the picture
  int factor_x = 1;
  int factor_y = 1;
  Rect reduced;   // the whole picture where nothing is reduced
  int width = 0;  // of what the passes take
  int height = 0;
  float box[4] = {};

  bool reduces() const { return factor_x > 1 || factor_y > 1; }
};

// As Image.resize in Python for a picture of that size; `has_alpha`: of mode RGBA. kTooSmall: the
// box lies outside of the picture, or is empty where that cannot be. kTooLarge: a side is longer
// than the weights can be counted.
Status MakeResizeGeometry(int width, int height, bool has_alpha, const ResizeRequest& request,
                          ResizeGeometry* geometry);

}  // namespace regcore
