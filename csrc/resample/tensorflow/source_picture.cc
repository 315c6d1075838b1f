#include "resample/tensorflow/source_picture.h"

#include "resample/tensorflow/axis.h"

namespace regcore {

Status PackNothing(PackedAxis*) { return {}; }

size_t SourcePictureBytes(int) { return sizeof(SourcePicture); }

size_t SourcePictureBytes(int, int) { return sizeof(SourcePicture); }

void KeepSourcePicture(const PackedAxis& horizontal, int, int, const PixelView& source,
                       uint8_t* intermediate) {
  const SourcePicture picture = {&horizontal, source};
  std::memcpy(intermediate, &picture, sizeof(picture));
}

float AreaFactor(const AxisPlan& horizontal, const AxisPlan& vertical) {
  const float area = TensorflowScale(vertical.input_size, vertical.output_size) *
                     TensorflowScale(horizontal.input_size, horizontal.output_size);
  return static_cast<float>(1.0 / area);
}

}  // namespace regcore
