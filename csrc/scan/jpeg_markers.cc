#include "scan/jpeg_markers.h"

#include <cstring>

namespace regcore {
namespace {

constexpr uint8_t kStuffed = 0x00;  // no marker: a data byte 0xFF
constexpr uint8_t kTem = 0x01;
constexpr uint8_t kSos = 0xDA;
constexpr uint8_t kApp1 = 0xE1;

// Bytes with their end, read in either byte order; out of bounds reads as 0.
struct Tiff {
  const uint8_t* data;
  size_t size;
  bool big_endian;

  uint32_t Number(size_t at, size_t bytes) const {
    if (at > size || size - at < bytes) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; ++i) {
      value = value << 8 | data[at + (big_endian ? i : bytes - 1 - i)];
    }
    return value;
  }
};

int OrientationOfTiff(const uint8_t* data, size_t size) {
  if (size < 8) return 1;
  const Tiff tiff{data, size, data[0] == 'M'};
  const uint32_t mark = tiff.Number(0, 2);
  if ((mark != 0x4949 && mark != 0x4D4D) || tiff.Number(2, 2) != 42) return 1;
  constexpr size_t kEntry = 12;  // tag, type, count, value: 2 + 2 + 4 + 4 bytes
  const size_t directory = tiff.Number(4, 4);
  const uint32_t entries = tiff.Number(directory, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntry;
    if (entry + kEntry > size) break;
    if (tiff.Number(entry, 2) != 0x0112) continue;
    constexpr uint32_t kShort = 3;
    if (tiff.Number(entry + 2, 2) != kShort || tiff.Number(entry + 4, 4) != 1) return 1;
    const uint32_t orientation = tiff.Number(entry + 8, 2);
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  }
  return 1;
}

struct Marker {
  uint8_t code = kStuffed;        // for: none
  const uint8_t* body = nullptr;  // behind the length
  size_t size = 0;                // of the body
};

// The next marker from `p` on, skipping whatever is none, and sets `p` behind it and its segment.
// None at the end of the bytes, or where a segment would end behind them.
Marker NextMarker(const uint8_t** p, const uint8_t* end) {
  const uint8_t* at = *p;
  *p = end;
  while (end - at >= 2) {
    at = static_cast<const uint8_t*>(std::memchr(at, 0xFF, static_cast<size_t>(end - at - 1)));
    if (at == nullptr) return {};
    const uint8_t code = at[1];
    at += code == 0xFF ? 1 : 2;  // any number of 0xFF may come before a code
    if (code == kStuffed || code == 0xFF) continue;
    const bool bare = code == kTem || (code >= kRst0 && code <= kEoi);
    if (bare) {
      *p = at;
      return {code};
    }
    if (end - at < 2) return {};
    const size_t length = size_t{at[0]} << 8 | at[1];  // with its own two bytes
    if (length < 2 || static_cast<size_t>(end - at) < length) return {};
    *p = at + length;
    return {code, at + 2, length - 2};
  }
  return {};
}

}  // namespace

int ExifOrientation(const uint8_t* bytes, size_t size) {
  constexpr char kExif[] = {'E', 'x', 'i', 'f', 0, 0};
  const uint8_t* const end = bytes + size;
  for (const uint8_t* p = bytes;;) {
    const Marker marker = NextMarker(&p, end);
    if (marker.code == kStuffed || marker.code == kEoi || marker.code == kSos) return 1;
    if (marker.code == kApp1 && marker.size >= sizeof(kExif) &&
        std::memcmp(marker.body, kExif, sizeof(kExif)) == 0) {
      return OrientationOfTiff(marker.body + sizeof(kExif), marker.size - sizeof(kExif));
    }
  }
}

size_t CountScansBehind(const uint8_t* scan, const uint8_t* end) {
  size_t scans = 0;
  for (const uint8_t* p = scan;;) {
    const Marker marker = NextMarker(&p, end);
    if (marker.code == kStuffed || marker.code == kEoi) return scans;
    if (marker.code == kSos) ++scans;
  }
}

bool ScanReachesEndOfImage(const uint8_t* scan, const uint8_t* end) {
  for (const uint8_t* p = scan;;) {
    const Marker marker = NextMarker(&p, end);
    const bool in_scan = marker.code >= kRst0 && marker.code <= kRst7;
    if (!in_scan) return marker.code == kEoi;
  }
}

}  // namespace regcore
