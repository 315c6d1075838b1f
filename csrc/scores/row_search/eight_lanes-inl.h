// Sorting by eight lanes in registers, in whichever type: for every instruction set.
//
//   Eight::Smaller(a, b), Eight::Larger(a, b)   lane by lane
//   eight.Reversed()
//   eight.SortedBitonic()   in ascending order, if the lanes rise and then fall or the other way
//   round
#pragma once

namespace regcore {
namespace {

// Sixteen ascending lanes in two registers.
template <typename Eight>
struct SortedSixteen {
  Eight low, high;

  // Of two times eight, each in ascending order.
  static SortedSixteen Merge(Eight a, Eight b) { return OfBitonic(a, b.Reversed()); }

  // The first sixteen of both.
  static SortedSixteen FirstOf(const SortedSixteen& a, const SortedSixteen& b) {
    return OfBitonic(Eight::Smaller(a.low, b.high.Reversed()),
                     Eight::Smaller(a.high, b.low.Reversed()));
  }

  // The last sixteen of both.
  static SortedSixteen LastOf(const SortedSixteen& a, const SortedSixteen& b) {
    return OfBitonic(Eight::Larger(a.low, b.high.Reversed()),
                     Eight::Larger(a.high, b.low.Reversed()));
  }

 private:
  static SortedSixteen OfBitonic(Eight a, Eight b) {
    return {Eight::Smaller(a, b).SortedBitonic(), Eight::Larger(a, b).SortedBitonic()};
  }
};

}  // namespace
}  // namespace regcore
