// The rows of the intermediate images of OpenCV's vector kernels: whole steps of a vertical pass,
// and after them a number that this pass has to know of the columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "resample/kernels.h"

namespace regcore {

// `Local` is any type of the file that instantiates this, which is compiled for its instruction
// set. `T` is what a row's numbers are.
template <typename Local>
class OpencvRowLayout {
 public:
  template <typename T>
  static size_t RowBytes(int columns) {
    return sizeof(T) * static_cast<size_t>((columns + kStep - 1) / kStep * kStep) + kTrailer;
  }

  template <typename T>
  static size_t BlockBytes(int columns) {
    return kIntermediateBlockRows * RowBytes<T>(columns);
  }

  template <typename T>
  static size_t IntermediateBytes(int rows, int columns) {
    return static_cast<size_t>(rows) * RowBytes<T>(columns);
  }

  // Puts the number after each of `rows` rows.
  static void Note(int number, int rows, size_t row_bytes, uint8_t* intermediate) {
    for (int r = 0; r < rows; ++r) {
      intermediate += row_bytes;
      std::memcpy(intermediate - kTrailer, &number, sizeof(int));
    }
  }

  static int NoteOf(const uint8_t* row, size_t row_bytes) {
    int number;
    std::memcpy(&number, row + row_bytes - kTrailer, sizeof(int));
    return number;
  }

 private:
  static constexpr int kStep = 64;     // columns to which rows are rounded up
  static constexpr int kTrailer = 64;  // bytes after a row's numbers
};

}  // namespace regcore
