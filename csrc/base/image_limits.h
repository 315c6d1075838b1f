// What an image may ask for, checked before anything is allocated for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/status.h"

namespace regcore {

struct DecodeLimits {
  size_t file_bytes = size_t{1} << 30;
  // Pillow refuses more, twice its MAX_IMAGE_PIXELS, as a decompression bomb.
  int64_t pixels = 2 * (int64_t{1024} * 1024 * 1024 / 4 / 3);
  // The scans of a JPEG; progressive ones have about ten.
  size_t scans = 100;
};

inline Status CheckPixels(int width, int height, const DecodeLimits& limits) {
  if (int64_t{width} * height <= limits.pixels) return {};
  return {StatusCode::kTooLarge, std::to_string(width) + " x " + std::to_string(height) +
                                     " pixels are over the limit of " +
                                     std::to_string(limits.pixels)};
}

inline Status CheckScans(size_t scans, const DecodeLimits& limits) {
  if (scans <= limits.scans) return {};
  return {StatusCode::kTooLarge,
          std::to_string(scans) + " scans are over the limit of " + std::to_string(limits.scans)};
}

}  // namespace regcore
