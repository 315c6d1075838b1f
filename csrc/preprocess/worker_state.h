// One worker's memory, reused from image to image.
#pragma once

#include <array>

#include "base/aligned_buffer.h"
#include "base/memory_budget.h"
#include "jpeg/jpeg_decoder.h"
#include "preprocess/item_report.h"
#include "preprocess/preprocess_spec.h"
#include "preprocess/stage_times.h"
#include "resample/plan_cache.h"

namespace regcore {

class WorkerState {
 public:
  WorkerState(const PreprocessSpec& spec, const MemoryShare& memory_share)
      : share(memory_share), decoder(spec.limits, spec.level), plans(spec.filter) {}

  const MemoryShare& share;
  JpegDecoder decoder;
  PlanCache plans;
  AlignedBuffer file;          // an encoded image
  AlignedBuffer pixels;        // a decoded one
  AlignedBuffer upright;       // the same, turned by its EXIF orientation
  AlignedBuffer luma;          // the same without colours
  AlignedBuffer transposed;    // the same with columns as rows
  AlignedBuffer intermediate;  // after the first of two passes
  AlignedBuffer row;           // of the crop window
  AlignedBuffer window;        // the whole crop window
  AlignedBuffer slot;          // a finished tensor on its way to a file
  Diagnostics diagnostics;     // of the last image
  ImageTimes times;            // of the last image
  StageTimes stage_times;      // of all images so far

  // Gives everything back.
  void Release();

  // Gives everything back if it is more than may be kept from image to image.
  void Trim();

 private:
  std::array<AlignedBuffer*, 7> LargeBuffers();
};

}  // namespace regcore
