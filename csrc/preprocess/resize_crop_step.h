// Pixels → the resized, cropped and normalised tensor.
#pragma once

#include <cstddef>

#include "base/image_view.h"
#include "base/status.h"
#include "flavours/flavour.h"
#include "normalize/normalize.h"
#include "preprocess/preprocess_spec.h"
#include "preprocess/worker_state.h"
#include "resample/crop_geometry.h"
#include "resample/plan_cache.h"

namespace regcore {

// The two passes that lead from an image to the part of its crop window that shows it. Where the
// vertical axis goes first, the image is transposed, and `first` runs along its rows all the same.
struct CropPlan {
  const PackedAxis* first = nullptr;
  const PackedAxis* second = nullptr;
  const ResampleKernel* kernel = nullptr;
  bool transposed = false;
  Rect covered;  // the part of the window, the rest of which is filled

  // The part of the image that the crop window depends on.
  Rect Wanted() const;

  // For each row of that whether it is read at all; null where all are.
  const uint8_t* ReadRows() const;
};

// Immutable, so shared by all workers.
class ResizeCropStep {
 public:
  explicit ResizeCropStep(const PreprocessSpec& spec);

  size_t slot_bytes() const { return normalizer_.slot_bytes(); }

  // The plan for an image of that size; valid until the next Trim of the worker. Errors are those
  // of MakeCropGeometry.
  Status Plan(int width, int height, WorkerState* worker, CropPlan* plan) const;

  // What Run holds in addition to the image, in bytes.
  size_t HeldBytes(const CropPlan& plan) const;

  // The part of that for each row of a picture whose size is not known yet, at most.
  size_t RowBytes() const;

  // The part of that for a window that the rows do not fill one after the other.
  size_t WindowBytes() const;

  // Writes slot_bytes() at `slot`. `view` has the pixels that the plan wants.
  Status Run(const RgbView& view, const CropPlan& plan, WorkerState* worker, void* slot) const;

 private:
  template <typename PlaceOf, typename UseRow>
  Status Resample(const RgbView& view, const CropPlan& plan, WorkerState* worker,
                  const PlaceOf& place_of, const UseRow& use_row) const;
  template <typename MakeRow>
  void ResampleBands(const RgbView& view, const CropPlan& plan, WorkerState* worker,
                     const MakeRow& make_row) const;
  Status RunThroughWindow(const RgbView& view, const CropPlan& plan, WorkerState* worker,
                          void* slot) const;
  bool NeedsWindow(const CropPlan& plan) const;
  Status FillWindow(const CropPlan& plan, AlignedBuffer* window) const;
  void Normalize(uint8_t* row, int y, void* slot) const;
  size_t pixel_bytes() const { return 3 * value_bytes_; }

  const CropRule crop_;
  const uint8_t fill_[3];
  const Flavour flavour_;
  const Filter filter_;
  const PassOrder order_;
  const SimdLevel level_;
  const size_t value_bytes_;  // of a resampled value
  const Normalizer normalizer_;
};

}  // namespace regcore
