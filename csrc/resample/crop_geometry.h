// Where a resized picture and its crop window lie, as numbers: no pixels.
#pragma once

#include "base/image_view.h"
#include "base/status.h"

namespace regcore {

// What the size that a picture is resized to is made of.
enum class Resize {
  kShortSide,      // the short side is given, the ratio kept by torchvision's Resize(int)
  kExact,          // both sides are given
  kInside,         // the largest of the same ratio that fits into both, by timm's ResizeKeepRatio
  kOutside,        // the smallest of the same ratio that covers both, by the same
  kOutsideFactor,  // the same by PaddleClas's ResizeImage: sides times a factor
  kNone,           // the picture stays as it is
};

// How half a pixel of the window's place is rounded.
enum class CropOffset {
  kHalfEven,    // torchvision's CenterCrop: int(round(spare / 2.0)); half of what is padded goes
                // first
  kFloor,       // Hugging Face's center_crop
  kTowardZero,  // the same of its torchvision backend, where less than half of what is padded goes
                // first
};

// In pixels, each at least 1.
struct CropRule {
  Resize resize;
  int height;  // what is resized to; for kShortSide both are the short side
  int width;
  int crop_height;
  int crop_width;
  CropOffset offset;
  bool pads;  // whether a picture that is smaller than the window gets a border, or is refused
};

// A picture is resized to resized_width x resized_height; the crop window begins at (left, top) of
// that, which is negative where it begins beside the picture.
struct CropGeometry {
  int resized_width;
  int resized_height;
  int left;
  int top;
  Rect covered;  // the part of the window that shows the picture
};

// kTooLarge: a resized side would not fit an int, or its double would; kTooSmall: a side would be
// 0, or the window is larger than the picture, and nothing pads it.
Status MakeCropGeometry(int width, int height, const CropRule& rule, CropGeometry* geometry);

}  // namespace regcore
