// One image: read ▸ decode ▸ resample ▸ normalise, into the caller's slot.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/image_limits.h"
#include "base/image_view.h"
#include "base/memory_budget.h"
#include "base/simd_level.h"
#include "base/status.h"
#include "jpeg/jpeg_decoder.h"
#include "normalize/normalize.h"
#include "preprocess/external_decoder.h"
#include "preprocess/item_report.h"
#include "preprocess/stage_times.h"
#include "resample/crop_geometry.h"
#include "resample/plan_cache.h"

namespace regcore {

// What libjpeg's warnings lead to.
enum class OnWarning {
  kIgnore,
  kReport,  // they are counted
  kFail,    // the image fails
};

// What becomes of every image. Needs 1 <= crop <= resize.
struct PreprocessSpec {
  int resize;  // pixels of the short side
  int crop;    // pixels of both sides of the centre crop
  Filter filter;
  PassOrder order;
  float mean[3];
  float std[3];
  DataType type;
  Layout layout;
  bool full_decode;
  OnWarning on_warning;
  SimdLevel level;
  DecodeLimits limits;
  MemoryBudget* memory;  // of all that work by this; null: no bound
};

// Where an image comes from; the memory is the caller's and outlives the job.
struct ImageSource {
  const char* path = nullptr;     // a file, if not null
  const uint8_t* data = nullptr;  // else: the bytes of a file or, if width > 0, RGB8 pixels
  size_t size = 0;                // bytes of a file
  int width = 0;
  int height = 0;
  ptrdiff_t stride = 0;  // bytes from row to row
};

// One worker's memory, reused from image to image.
class PreprocessScratch {
 public:
  PreprocessScratch(const PreprocessSpec& spec, const MemoryShare& memory_share)
      : share(memory_share),
        decoder(spec.limits, spec.level),
        plans(ResampleKernelFor(spec.level), spec.filter) {}

  const MemoryShare& share;
  JpegDecoder decoder;
  PlanCache plans;
  AlignedBuffer file;
  AlignedBuffer pixels;
  AlignedBuffer intermediate;
  AlignedBuffer row;
  AlignedBuffer transposed;
  AlignedBuffer window;
  AlignedBuffer slot;
  Findings findings;       // of the image last run
  ImageTimes times;        // of the image last run
  StageTimes stage_times;  // of all images so far

  // Gives everything back.
  void Release();

  // The same if it is more than may be kept from image to image.
  void Trim();
};

// Immutable, so shared by all workers.
class Preprocess {
 public:
  explicit Preprocess(const PreprocessSpec& spec);

  const PreprocessSpec& spec() const { return spec_; }
  size_t slot_bytes() const { return normalizer_.slot_bytes(); }

  // Writes slot_bytes() at `slot`, or nothing of meaning if the status is not ok.
  Status ToSlot(const ImageSource& source, size_t index, const ForeignDecoder& foreign,
                PreprocessScratch* scratch, void* slot) const;

 private:
  struct Window;
  Status Run(const ImageSource& source, size_t index, const ForeignDecoder& foreign,
             Reservation* reservation, PreprocessScratch* scratch, void* slot) const;
  Status Timed(const ImageSource& source, size_t index, const ForeignDecoder& foreign,
               Reservation* reservation, PreprocessScratch* scratch, void* slot) const;
  Status Plan(int width, int height, PlanCache* plans, Window* window) const;
  Status NoteFindings(PreprocessScratch* scratch) const;
  size_t ResampleBytes(const Window& window) const;
  DecodeExtent Extent() const;
  Status DecodeJpeg(const uint8_t* bytes, size_t size, size_t file_bytes, Reservation* reservation,
                    PreprocessScratch* scratch, Window* window, RgbView* view) const;
  Status Decode(const ImageSource& source, size_t* file_size, Reservation* reservation,
                PreprocessScratch* scratch, Window* window, RgbView* view) const;
  Status DecodeForeign(const ImageSource& source, size_t index, size_t file_size,
                       const ForeignDecoder& foreign, Reservation* reservation,
                       PreprocessScratch* scratch, Window* window, RgbView* view) const;
  template <typename UseRow>
  Status Resample(const RgbView& view, const Window& window, PreprocessScratch* scratch,
                  const UseRow& use_row) const;
  Status ResampleTransposed(const RgbView& view, const Window& window, PreprocessScratch* scratch,
                            void* slot) const;

  PreprocessSpec spec_;
  const ResampleKernel& kernel_;
  Normalizer normalizer_;
};

}  // namespace regcore
