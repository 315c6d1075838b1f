// The segments in front of a JPEG's first scan, with the demands that Pillow makes of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace regcore {

// Refuses what Pillow's own parser of segments refuses although libjpeg passes over it; the message
// names the segment. What libjpeg itself refuses, it is left to say. Sets `orientation` to what the
// EXIF and XMP metadata say, 1 to 8. May throw std::bad_alloc.
Status CheckJpegHeader(const uint8_t* bytes, size_t size, int* orientation);

}  // namespace regcore
