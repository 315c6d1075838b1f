// One image's way from a file, bytes or pixels to the pixels that its crop window depends on.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/image_view.h"
#include "base/memory_budget.h"
#include "base/status.h"
#include "preprocess/external_decoder.h"
#include "preprocess/fetched_bytes.h"
#include "preprocess/image_source.h"
#include "preprocess/preprocess_spec.h"
#include "preprocess/rearrange.h"
#include "preprocess/resize_crop_step.h"
#include "preprocess/worker_state.h"

namespace regcore {

// Belongs to one image, and holds its part of the memory budget as long as it lives.
class DecodeStep {
 public:
  // All must outlive this.
  DecodeStep(const PreprocessSpec& spec, const ResizeCropStep& next, const ImageSource& source,
             WorkerState* worker)
      : spec_(spec), next_(next), source_(source), worker_(*worker), reservation_(worker->share) {}

  // Leaves diagnostics and times in the worker. `external` decodes what is not a JPEG that this
  // core takes; it is called with `index`.
  Status Run(const ExternalDecoder& external, size_t index);

  // The result of Run: pixels, in memory of the worker or the source, and the plan for them.
  const RgbView& view() const { return view_; }
  const CropPlan& plan() const { return plan_; }

  // Whether the image was so large that it had to ask for memory.
  bool is_large() const { return reservation_.is_large(); }

 private:
  Status DecodeHere(const ExternalDecoder& external, size_t index);
  Status DecodeExternally(const ExternalDecoder& external, size_t index);
  Status DecodeJpeg(const uint8_t* bytes, size_t size);
  Status ViewPixels();
  Status ReadSource();
  Status PlanFor(int width, int height, int orientation);
  Rect Stored() const;
  size_t RearrangedBytes() const;
  Status Rearrange();
  Status NoteDamage();

  const PreprocessSpec& spec_;
  const ResizeCropStep& next_;
  const ImageSource& source_;
  WorkerState& worker_;
  Reservation reservation_;
  FetchedBytes fetched_;
  size_t file_bytes_ = 0;  // of the source's file, as far as the worker holds it
  int stored_width_ = 0;
  int stored_height_ = 0;
  int orientation_ = kUpright;  // by which the picture is turned
  CropPlan plan_;
  RgbView view_;
};

}  // namespace regcore
