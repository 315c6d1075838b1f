// Built without floating-point contraction (see CMakeLists.txt): the ratios round as in Python.
#include "resample/crop_geometry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace regcore {
namespace {

// In double, so that a side beyond all int can be told.
struct Size {
  double width;
  double height;
};

Size ResizedSize(double width, double height, const CropRule& rule) {
  const double rule_width = rule.width, rule_height = rule.height;
  switch (rule.resize) {
    case Resize::kShortSide:
      // Python's int(resize * long / short). The product is far below 2^53, and no quotient of such
      // integers rounds up to the next whole number.
      if (width <= height) return {rule_width, std::floor(rule_width * height / width)};
      return {std::floor(rule_height * width / height), rule_height};
    case Resize::kExact:
      return {rule_width, rule_height};
    case Resize::kInside:
    case Resize::kOutside: {
      const double ratio_h = height / rule_height;
      const double ratio_w = width / rule_width;
      const double ratio =
          rule.resize == Resize::kInside ? std::max(ratio_h, ratio_w) : std::min(ratio_h, ratio_w);
      // Python's round(): halves to even.
      return {std::nearbyint(width / ratio), std::nearbyint(height / ratio)};
    }
    case Resize::kOutsideFactor: {
      const double factor = std::max(rule_width / width, rule_height / height);
      return {std::nearbyint(width * factor), std::nearbyint(height * factor)};
    }
    case Resize::kNone:
      break;
  }
  return {width, height};
}

int Floor(int spare) { return spare >= 0 ? spare / 2 : -((1 - spare) / 2); }

int OffsetOf(int side, int crop, CropOffset offset) {
  const int spare = side - crop;
  if (offset == CropOffset::kFloor) return Floor(spare);
  if (offset == CropOffset::kTowardZero) return spare / 2;
  if (spare < 0) return -(-spare / 2);
  const int half = spare / 2;
  return spare % 2 == 1 && half % 2 == 1 ? half + 1 : half;
}

std::string Words(int width, int height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace

Status MakeCropGeometry(int width, int height, const CropRule& rule, CropGeometry* geometry) {
  const Size size = ResizedSize(width, height, rule);
  if (std::max(size.width, size.height) > std::numeric_limits<int>::max() / 2) {
    return {StatusCode::kTooLarge, Words(width, height) + " cannot be resized to a short side of " +
                                       std::to_string(rule.height)};
  }
  CropGeometry& g = *geometry;
  g.resized_width = static_cast<int>(size.width);
  g.resized_height = static_cast<int>(size.height);
  if (g.resized_width < 1 || g.resized_height < 1) {
    return {StatusCode::kTooSmall, Words(width, height) + " would be resized to " +
                                       Words(g.resized_width, g.resized_height)};
  }
  if (!rule.pads && (rule.crop_width > g.resized_width || rule.crop_height > g.resized_height)) {
    return {StatusCode::kTooSmall, Words(g.resized_width, g.resized_height) +
                                       " is smaller than the crop of " +
                                       Words(rule.crop_width, rule.crop_height) +
                                       ", and the recipe has no fill around it"};
  }
  g.left = OffsetOf(g.resized_width, rule.crop_width, rule.offset);
  g.top = OffsetOf(g.resized_height, rule.crop_height, rule.offset);
  g.covered.left = std::max(0, -g.left);
  g.covered.top = std::max(0, -g.top);
  g.covered.right = std::min(rule.crop_width, g.resized_width - g.left);
  g.covered.bottom = std::min(rule.crop_height, g.resized_height - g.top);
  return {};
}

}  // namespace regcore
