// torch's windows and weights along one axis, before they are rounded to integers.
#pragma once

#include <cstdint>
#include <vector>

#include "resample/axis_plan.h"

namespace regcore {

// As HelperInterpBase::_compute_indices_min_size_weights_aa, in `Real`, float or double, where
// torch is compiled with fused multiply-adds (AVX2 and all above, 64-bit Arm).
template <typename Real>
class TorchWindows {
 public:
  // `filter` is kBilinear, kBicubic or kLanczos.
  TorchWindows(int input_size, int output_size, Filter filter);

  // No window is longer.
  int taps() const { return taps_; }

  // The window of output `i` begins at `start`; its normalised weights come into `weights`.
  // Returns its length, at least 1.
  int Weights(int i, int* start, std::vector<Real>* weights) const;

 private:
  using Curve = Real (*)(Real x);

  int input_size_;
  Curve curve_;
  Real scale_;
  Real inverse_scale_;
  Real support_;
  int taps_;
};

extern template class TorchWindows<float>;
extern template class TorchWindows<double>;

}  // namespace regcore
