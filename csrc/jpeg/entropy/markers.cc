#include "jpeg/entropy/markers.h"

#include <algorithm>
#include <cstring>

namespace regcore {
namespace {

constexpr uint8_t kTem = 0x01;

}  // namespace

Marker NextMarker(const uint8_t** p, const uint8_t* end) {
  const uint8_t* at = *p;
  *p = end;
  while (end - at >= 2) {
    at = static_cast<const uint8_t*>(std::memchr(at, 0xFF, static_cast<size_t>(end - at - 1)));
    if (at == nullptr) return {};
    const uint8_t code = at[1];
    at += code == 0xFF ? 1 : 2;  // any number of 0xFF may come before a code
    if (code == kNoMarker || code == 0xFF) continue;
    const bool bare = code == kTem || (code >= kRst0 && code <= kEoi);
    if (bare) {
      *p = at;
      return {code};
    }
    if (end - at < 2) return {};
    const size_t length = size_t{at[0]} << 8 | at[1];  // with its own two bytes
    if (static_cast<size_t>(end - at) < std::max<size_t>(length, 2)) return {};
    // libjpeg and Pillow take a segment of less than its own length for an empty one.
    const size_t body = length < 2 ? 0 : length - 2;
    *p = at + 2 + body;
    return {code, at + 2, body};
  }
  return {};
}

size_t CountScansAfter(const uint8_t* scan, const uint8_t* end) {
  size_t scans = 0;
  for (const uint8_t* p = scan;;) {
    const Marker marker = NextMarker(&p, end);
    if (marker.code == kNoMarker || marker.code == kEoi) return scans;
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
