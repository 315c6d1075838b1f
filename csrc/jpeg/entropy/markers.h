// What regcore itself reads in a JPEG: the chain of its markers. Never past the end of the bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace regcore {

// Marker codes of ITU-T T.81, table B.1: the byte after 0xFF. Eight of restarts, and so on.
inline constexpr uint8_t kDht = 0xC4;
inline constexpr uint8_t kRst0 = 0xD0;
inline constexpr uint8_t kRst7 = 0xD7;
inline constexpr uint8_t kEoi = 0xD9;
inline constexpr uint8_t kSos = 0xDA;
inline constexpr uint8_t kDri = 0xDD;
inline constexpr uint8_t kApp0 = 0xE0;
inline constexpr uint8_t kNoMarker = 0x00;  // after 0xFF: a data byte 0xFF

// Whether a frame header begins there: of the codes from SOF0 to SOF15 three mean something else.
inline constexpr bool IsFrame(int code) {
  constexpr int kSof0 = 0xC0, kJpg = 0xC8, kDac = 0xCC, kSof15 = 0xCF;
  return code >= kSof0 && code <= kSof15 && code != kDht && code != kJpg && code != kDac;
}

struct Marker {
  uint8_t code = kNoMarker;
  const uint8_t* body = nullptr;  // after the length
  size_t size = 0;                // of the body
};

// The next marker from `p` on, skipping whatever is none, and sets `p` after it and its segment.
// None at the end of the bytes, or where a segment would end past them.
Marker NextMarker(const uint8_t** p, const uint8_t* end);

// How many more scans begin after `scan`, which lies inside the data of a scan. At least as many
// as libjpeg will decode: it never passes a marker that ends a scan unseen either.
size_t CountScansAfter(const uint8_t* scan, const uint8_t* end);

// Whether nothing but the data of one scan lies between `scan` and an end-of-image marker.
bool ScanReachesEndOfImage(const uint8_t* scan, const uint8_t* end);

}  // namespace regcore
