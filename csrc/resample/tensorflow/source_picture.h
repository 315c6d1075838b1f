// The intermediate image of a horizontal pass that is put off.
#pragma once

#include <cstring>

#include "resample/kernels.h"

namespace regcore {

struct SourcePicture {
  const PackedAxis* horizontal;
  PixelView view;

  const uint8_t* Pixel(int x, int y) const {
    return view.Row(y) + 3 * ptrdiff_t{x - view.area.left};
  }
};

inline SourcePicture SourcePictureFrom(const uint8_t* intermediate) {
  SourcePicture picture;
  std::memcpy(&picture, intermediate, sizeof(picture));
  return picture;
}

// Members of ResampleKernel.
size_t SourcePictureBytes(int);
size_t SourcePictureBytes(int, int);
void KeepSourcePicture(const PackedAxis& horizontal, int begin, int end, const PixelView& source,
                       uint8_t* intermediate);

}  // namespace regcore
