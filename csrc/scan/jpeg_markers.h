// What regcore itself reads in a JPEG: the chain of its markers. Never past the end of the bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace regcore {

// Marker codes of ITU-T T.81, table B.1: the byte behind 0xFF. Eight of restarts, and end of image.
inline constexpr uint8_t kRst0 = 0xD0;
inline constexpr uint8_t kRst7 = 0xD7;
inline constexpr uint8_t kEoi = 0xD9;

// The EXIF orientation of a JPEG file, 1 to 8; 1 (upright) where it gives none. Only the first
// Exif segment is looked at. Exif 2.32, 4.5 and 4.6.4: TIFF structure, tag 0x0112.
int ExifOrientation(const uint8_t* bytes, size_t size);

// How many more scans begin behind `scan`, which lies inside the data of a scan. At least as many
// as libjpeg will decode: it never passes a marker that ends a scan unseen either.
size_t CountScansBehind(const uint8_t* scan, const uint8_t* end);

// Whether nothing but the data of one scan lies between `scan` and an end-of-image marker.
bool ScanReachesEndOfImage(const uint8_t* scan, const uint8_t* end);

}  // namespace regcore
