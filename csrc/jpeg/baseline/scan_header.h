// What the headers of a JPEG say of its one scan.
#pragma once

#include <cstddef>
#include <cstdint>

namespace regcore {

// As in a DHT segment (ITU-T T.81, B.2.4.2): how many codes there are of each length from 1 to 16
// bits, and the symbols in the order of their codes.
struct HuffmanSpec {
  const uint8_t* counts = nullptr;   // [17], of which [0] means nothing
  const uint8_t* symbols = nullptr;  // [256]
};

struct ScanComponent {
  int blocks_across = 1;  // in an MCU
  int blocks_down = 1;
  const uint16_t* quantization = nullptr;  // [64], row by row
  HuffmanSpec dc;
  HuffmanSpec ac;
};

// A sequential Huffman-coded scan that holds all of the image: grey, or YCbCr with one block of
// each chroma component to an MCU.
struct ScanHeader {
  int width = 0;  // of the image, in pixels
  int height = 0;
  int components = 0;  // 1 or 3
  ScanComponent component[3];
  unsigned restart_interval = 0;  // in MCUs; 0: none
  const uint8_t* data = nullptr;  // of the scan, to the end of the file
  size_t size = 0;

  int mcu_width() const { return 8 * component[0].blocks_across; }
  int mcu_height() const { return 8 * component[0].blocks_down; }
  int mcus_across() const { return (width + mcu_width() - 1) / mcu_width(); }
  int mcus_down() const { return (height + mcu_height() - 1) / mcu_height(); }
};

}  // namespace regcore
