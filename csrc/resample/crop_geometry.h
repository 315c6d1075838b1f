// torchvision's Resize(short side) and CenterCrop, as numbers: no pixels.
#pragma once

namespace regcore {

// An image is resized to resized_width x resized_height; the crop window of the result begins at
// (left, top). In pixels.
struct CropGeometry {
  int resized_width;
  int resized_height;
  int left;
  int top;
};

// Whether the resized sides fit an int; an image of 9,000,000 x 1 would not.
bool ResizeFits(int width, int height, int resize);

// Resize: the short side becomes `resize`, the long side int(resize * long / short). CenterCrop:
// int(round((side - crop) / 2.0)), where Python rounds halves to even. Needs ResizeFits, 1 <= crop
// <= resize and sides of at least 1.
CropGeometry MakeCropGeometry(int width, int height, int resize, int crop);

}  // namespace regcore
