// The weights of the horizontal pass over matched quarters (int16_quarters_avx2-inl.h).
//
// A quarter is four neighbouring columns or, where these lie too far apart, the three of a pixel; a
// vector is two quarters. Where these two are neighbours, what they read mostly lies nearer than 16
// bytes, and has to be brought into the two halves of a vector. Here they are two whose first taps
// lie about 16 bytes apart, so that one load of 32 bytes has those of the one in its lower half,
// and those of the other in its upper one.
#pragma once

#include "resample/kernels.h"

namespace regcore {

// PackedAxis::shape of this pass.
inline constexpr int kMatchedQuarters = -1;

// In `blocks`, the number of pairs of taps of all vectors, then per vector QuarterMatch. In
// `weights`, per vector which bytes of its half of the load each lane takes, then per pair of taps
// what PackPairColumns has.
struct QuarterMatch {
  int begin;  // of the load for the first pair of taps, in bytes from pixel 0 of the row
  // Where the quarters' columns are in a block of intermediate rows, in bytes, and what of them is
  // no column is overwritten by a later one or lies past the last. `lower` is stored first.
  int lower;
  int upper;

  static constexpr size_t kInts = 3;
};

// Packs nothing, and `packed` is false, where there are too few matches.
Status PackMatchedQuarters(PackedAxis* axis, bool* packed);

}  // namespace regcore
