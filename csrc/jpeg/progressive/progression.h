// Which scans may follow which in a progressive JPEG.
#pragma once

#include "jpeg/progressive/progressive_header.h"

namespace regcore {

// Where one of so many coefficients of a component is incomplete, libjpeg smooths between blocks,
// each of its versions in another way.
inline constexpr int kSmoothedCoefficients = 10;

// ITU-T T.81, G.1.1: every coefficient is sent first down to some bit, and then bit by bit, after
// the first coefficient of its component.
class Progression {
 public:
  Progression();

  // Whether the scan may come next; if so, it is taken.
  bool Take(const ProgressiveScan& scan);

  // Whether nothing is missing for which libjpeg would smooth. Higher coefficients that were never
  // sent are 0.
  bool IsComplete(int components) const;

 private:
  static constexpr int kUnsent = -1;

  // The lowest bit that was sent of each coefficient, in zigzag order.
  int low_[kMaxComponents][64];
};

}  // namespace regcore
