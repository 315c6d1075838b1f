// One image: read ▸ decode ▸ resample ▸ normalise, into the caller's slot.
#pragma once

#include <cstddef>

#include "base/status.h"
#include "preprocess/external_decoder.h"
#include "preprocess/image_source.h"
#include "preprocess/preprocess_spec.h"
#include "preprocess/resize_crop_step.h"
#include "preprocess/worker_state.h"

namespace regcore {

// Immutable, so shared by all workers.
class ImagePreprocessor {
 public:
  explicit ImagePreprocessor(const PreprocessSpec& spec) : spec_(spec), resize_crop_(spec) {}

  const PreprocessSpec& spec() const { return spec_; }
  size_t slot_bytes() const { return resize_crop_.slot_bytes(); }

  // Writes slot_bytes() at `slot`, or nothing of meaning if the status is not ok. What is to be
  // told of the image, and how long it took, is then in `worker`.
  Status ToSlot(const ImageSource& source, size_t index, const ExternalDecoder& external,
                WorkerState* worker, void* slot) const;

 private:
  const PreprocessSpec spec_;
  const ResizeCropStep resize_crop_;
};

}  // namespace regcore
