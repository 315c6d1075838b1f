// Pillow's RGBA → RGBa and back: colours premultiplied by their alpha.
#pragma once

#include <cstddef>
#include <cstdint>

namespace regcore {

// `pixels` pixels of four bytes each; `out` may be `rgba` itself.
void Premultiply(const uint8_t* rgba, size_t pixels, uint8_t* out);
void Unpremultiply(const uint8_t* premultiplied, size_t pixels, uint8_t* out);

}  // namespace regcore
