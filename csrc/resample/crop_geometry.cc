#include "resample/crop_geometry.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace regcore {
namespace {

int64_t LongSide(int resize, int long_side, int short_side) {
  // Equals Python's int(resize * long / short): the product is far below 2^53, and no quotient of
  // such integers rounds up to the next whole number.
  return int64_t{resize} * long_side / short_side;
}

int CropOffset(int side, int crop) {
  const int spare = side - crop;
  const int half = spare / 2;
  return spare % 2 == 1 && half % 2 == 1 ? half + 1 : half;
}

}  // namespace

bool ResizeFits(int width, int height, int resize) {
  return LongSide(resize, std::max(width, height), std::min(width, height)) <=
         std::numeric_limits<int>::max();
}

CropGeometry MakeCropGeometry(int width, int height, int resize, int crop) {
  CropGeometry g{};
  g.resized_width = width <= height ? resize : static_cast<int>(LongSide(resize, width, height));
  g.resized_height = width <= height ? static_cast<int>(LongSide(resize, height, width)) : resize;
  g.left = CropOffset(g.resized_width, crop);
  g.top = CropOffset(g.resized_height, crop);
  return g;
}

}  // namespace regcore
