#include "resample/tensorflow/source_picture.h"

namespace regcore {

size_t SourcePictureBytes(int) { return sizeof(SourcePicture); }

size_t SourcePictureBytes(int, int) { return sizeof(SourcePicture); }

void KeepSourcePicture(const PackedAxis& horizontal, int, int, const PixelView& source,
                       uint8_t* intermediate) {
  const SourcePicture picture = {&horizontal, source};
  std::memcpy(intermediate, &picture, sizeof(picture));
}

}  // namespace regcore
