// Pillow's windows and 22-bit weights along one axis; no pixels.
#pragma once

#include <cstdint>
#include <vector>

namespace regcore {

enum class Filter {
  kBox,
  kBilinear,
  kHamming,
  kBicubic,
  kLanczos,
  kNearest,
  kMks2013,  // Magic Kernel Sharp, from Pillow 13 on
  kMks2021,
  kArea,          // OpenCV's and TensorFlow's
  kNearestExact,  // torch's
  kLanczos5,      // TensorFlow's, as those that follow
  kGaussian,
  kMitchell,
};

// How far the weights of a filter reach, in input pixels at scale 1. kNearest has none.
double FilterSupport(Filter filter);

// Which pass comes first. Both round to uint8 in between, so the order shows in the pixels.
enum class PassOrder {
  kPillow9,   // Pillow 9 to 12: always horizontal first
  kPillow13,  // Pillow 13: vertical first where the height shrinks by more than twice the width
};

bool VerticalFirst(PassOrder order, int width, int height, int resized_width, int resized_height);

// Fraction bits of the integer weights (Pillow's PRECISION_BITS = 32 - 8 - 2).
inline constexpr int kWeightBits = 22;

// How outputs [first, first + count) of an axis of `output_size` follow from `input_size` inputs:
//   output[first + i] = clip8((2^21 + sum over t of weights[i * taps + t] * input[start[i] + t]) >>
//   22)
// start never decreases. Weights past an output's own window are zero.
struct AxisPlan {
  int input_size = 0;
  int output_size = 0;
  int first = 0;
  int count = 0;
  int taps = 0;
  std::vector<int32_t> start;        // count
  std::vector<int32_t> length;       // count, each <= taps
  std::vector<int32_t> weights;      // count x taps
  std::vector<float> float_weights;  // the same for kernels that compute in float

  // Inputs [input_begin, input_end) are the ones that matter.
  int input_begin() const { return start.front(); }
  int input_end() const { return start.back() + length.back(); }
};

// For each input of [input_begin, input_end) whether some output reads it; empty where all are
// read.
std::vector<uint8_t> ReadInputs(const AxisPlan& plan);

// One whose windows begin at 0 and have `taps` inputs each, without weights.
AxisPlan MakeEmptyPlan(int input_size, int output_size, int first, int count, int taps);

// The part [begin, end) of an axis that its outputs show, in inputs. Pillow takes it as floats.
struct AxisBox {
  float begin;
  float end;
};

// As ImagingResample's precompute_coeffs and normalize_coeffs_8bpc; for kNearest, which Pillow
// resizes as an affine transformation, as ImagingScaleAffine.
// Needs sizes of at least 1, 0 <= first < first + count <= output_size and
// 0 <= box.begin <= box.end <= input_size.
AxisPlan MakeAxisPlan(int input_size, AxisBox box, int output_size, int first, int count,
                      Filter filter);

// The whole axis as box.
AxisPlan MakeAxisPlan(int input_size, int output_size, int first, int count, Filter filter);

}  // namespace regcore
