// The obvious loops: the twin that every other kernel must equal.
#include <algorithm>
#include <array>

#include "resize/kernels.h"

namespace regcore {
namespace {

// x * kReciprocal[alpha] >> 32 is x / alpha for every x up to 255 * 255: the factor is rounded up,
// by less than 1, which adds less than 2^-16, and so no whole number is passed.
constexpr std::array<uint64_t, 256> kReciprocal = [] {
  std::array<uint64_t, 256> factors{};
  for (uint64_t alpha = 1; alpha < 256; ++alpha) {
    factors[alpha] = (uint64_t{1} << 32) / alpha + 1;
  }
  return factors;
}();

void Premultiply(const uint8_t* rgba, size_t pixels, uint8_t* out) {
  for (size_t i = 0; i < pixels; ++i, rgba += 4, out += 4) {
    const uint32_t alpha = rgba[3];
    for (int c = 0; c < 3; ++c) {
      const uint32_t product = rgba[c] * alpha + 128;
      out[c] = static_cast<uint8_t>(((product >> 8) + product) >> 8);
    }
    out[3] = static_cast<uint8_t>(alpha);
  }
}

void Unpremultiply(const uint8_t* premultiplied, size_t pixels, uint8_t* out) {
  for (size_t i = 0; i < pixels; ++i, premultiplied += 4, out += 4) {
    const uint8_t alpha = premultiplied[3];
    for (int c = 0; c < 3; ++c) {
      const uint64_t colour = premultiplied[c];
      const uint64_t full = (255 * colour * kReciprocal[alpha]) >> 32;
      const bool stays = alpha == 255 || alpha == 0;
      out[c] = static_cast<uint8_t>(stays ? colour : std::min(full, uint64_t{255}));
    }
    out[3] = alpha;
  }
}

void AddBytes(const uint8_t* bytes, size_t count, uint16_t* sums) {
  for (size_t i = 0; i < count; ++i) sums[i] = static_cast<uint16_t>(sums[i] + bytes[i]);
}

}  // namespace

const PixelKernel kPixelPortable = {Premultiply, Unpremultiply, AddBytes};

}  // namespace regcore
