// Pictures to resample and the kernels' frame, on buffers of exactly the size that
// resample/kernels.h promises.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/image_view.h"
#include "random.h"
#include "resample/kernels.h"

namespace regcore {

struct Axis {
  int input = 1;
  int output = 1;
  int first = 0;
  int count = 1;
};

// A crop window at either end or anywhere, of an axis shrunk up to 45 times or stretched 20 times.
Axis RandomAxis(Random* random);

enum class Pixels { kRandom, kBlackAndWhite, kCheckerboard, kBlack, kWhite };

struct ResampleCase {
  Axis x;
  Axis y;
  Filter filter = Filter::kBicubic;
  Pixels pixels = Pixels::kRandom;
  int channels = 3;

  std::string Text() const;
};

// Of any sizes and pixels, and a filter of these.
ResampleCase RandomResampleCase(const std::vector<Filter>& filters, Random* random);

// The pixels that two plans need, in a view with some more on each side and gaps between the rows,
// and with room past its end or a tail.
class SourceImage {
 public:
  SourceImage(const ResampleCase& c, const AxisPlan& x, const AxisPlan& y, Random* random);

  const PixelView& view() const { return view_; }

 private:
  uint8_t Value(Pixels pixels, uint8_t random, size_t i, size_t channels) const;

  std::unique_ptr<uint8_t[]> bytes_;
  AlignedBuffer tail_;
  PixelView view_;
};

// The rows from `first` on of values of `value_bytes`, or none if there was an error. The kernel
// gets what it promises to need: an intermediate image of all rows, or one that lacks the blocks of
// rows that no output from `first` on reads.
std::vector<uint8_t> Resample(const ResampleKernel& kernel, int channels, const AxisPlan& x,
                              const AxisPlan& y, const PixelView& view, int first,
                              size_t value_bytes = 1);

}  // namespace regcore
