// torch's windows and weights along one axis without antialias: of a picture that shrinks, too, the
// inputs beside the output's centre and no others.
#pragma once

#include <vector>

#include "resample/axis_plan.h"

namespace regcore {

// As HelperInterpLinear's and HelperInterpCubic's for uint8 tensors. An input that would lie beside
// the axis counts as the outermost one.
class TorchPlainWindows {
 public:
  // `filter` is kBilinear or kBicubic.
  TorchPlainWindows(int input_size, int output_size, Filter filter);

  int taps() const { return taps_; }

  // As TorchWindows<double>.
  int Weights(int i, int* start, std::vector<double>* weights) const;

 private:
  const int input_size_;
  const double scale_;
  const int taps_;
};

}  // namespace regcore
