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

  // The heaviest weight of output `i`, also while taps of the same input are being added up: that
  // is what torch finds room for.
  double Heaviest(int i) const;

 private:
  static constexpr int kMaxTaps = 4;

  // Sets the weights of all taps of output `i`, and returns the input of the first one, which may
  // lie beside the axis.
  int Taps(int i, double weights[kMaxTaps]) const;

  const int input_size_;
  const double scale_;
  const int taps_;
};

}  // namespace regcore
