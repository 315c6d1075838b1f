#include "jpeg/header.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "jpeg/entropy/markers.h"
#include "jpeg/exif.h"

namespace regcore {
namespace {

using std::literals::operator""sv;

Status Refuse(const std::string& words) { return {StatusCode::kCorrupt, words}; }

uint32_t BigEndian(std::string_view data, size_t at, size_t bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<uint8_t>(data[at + i]);
  return value;
}

// Whether a list of image resources ends between a resource's number and its name, the one place
// that Pillow's reader cannot bear (Adobe Photoshop File Formats, image resource blocks).
bool LacksResourceName(std::string_view data) {
  constexpr uint32_t kResolution = 0x03ED;
  constexpr size_t kResolutionBytes = 14;
  size_t at = 14;  // after "Photoshop 3.0\0"
  while (at <= data.size() && data.substr(at, 4) == "8BIM"sv) {
    at += 4;
    if (data.size() - at < 2) return false;
    const uint32_t number = BigEndian(data, at, 2);
    at += 2;
    if (at == data.size()) return true;
    at += 1 + static_cast<uint8_t>(data[at]);
    at += at & 1;
    if (at > data.size() || data.size() - at < 4) return false;
    const size_t bytes = BigEndian(data, at, 4);
    at += 4;
    const size_t there = std::min(bytes, data.size() - at);
    if (number == kResolution && there < kResolutionBytes) return false;
    at += bytes;
    at += at & 1;
  }
  return false;
}

// What is gathered on the way to the first scan.
class Header {
 public:
  Status Take(uint8_t code, std::string_view data) {
    if (code == kApp0) return TakeApp0(data);
    if (code == kApp0 + 1) TakeApp1(data);
    if (code == kApp0 + 2 && data.starts_with("ICC_PROFILE\0"sv)) {
      if (!first_of_profile_ || data < *first_of_profile_) first_of_profile_ = data;
    }
    if (code == kApp0 + 13 && data.starts_with("Photoshop 3.0\0"sv) && LacksResourceName(data)) {
      return Refuse("the APP13 segment (Photoshop) is cut short");
    }
    if (code == kApp0 + 14 && data.starts_with("Adobe"sv) && data.size() < 7) {
      return Refuse("the APP14 segment (Adobe) is cut short");
    }
    return IsFrame(code) ? TakeFrame(data) : Status();
  }

  Status Finish(int* orientation) {
    *orientation = 1;
    if (!exif_) {
      *orientation = XmpOrientation(xmp_);
      return {};
    }
    const ExifFacts facts = ReadExif(joined_.empty() ? *exif_ : std::string_view(joined_));
    if (facts.resolution_fails && !has_density_) {
      return Refuse("the APP1 segment (EXIF) has a resolution that is no number");
    }
    if (facts.has_orientation) {
      *orientation = facts.orientation;
    } else if (facts.readable) {
      *orientation = XmpOrientation(xmp_);
    }
    return {};
  }

 private:
  Status TakeApp0(std::string_view data) {
    if (!data.starts_with("JFIF"sv)) return {};
    if (data.size() < 7) return Refuse("the APP0 segment (JFIF) is cut short");
    has_density_ |= data.size() >= 12 && (data[7] == 1 || data[7] == 2);
    return {};
  }

  void TakeApp1(std::string_view data) {
    constexpr std::string_view kExif = "Exif\0\0"sv, kXmp = "http://ns.adobe.com/xap/1.0/\0"sv;
    if (data.starts_with(kXmp)) xmp_ = data.substr(kXmp.size());
    if (!data.starts_with(kExif)) return;
    if (!exif_) {
      exif_ = data;
      return;
    }
    if (joined_.empty()) joined_ = *exif_;
    joined_ += data.substr(kExif.size());
  }

  Status TakeFrame(std::string_view data) {
    if (data.size() < 6) return {};
    const int bits = static_cast<uint8_t>(data[0]), components = static_cast<uint8_t>(data[5]);
    if (bits != 8) return Refuse(std::to_string(bits) + "-bit precision is not supported");
    if (components != 1 && components != 3 && components != 4) {
      return Refuse("a JPEG of " + std::to_string(components) + " components is not supported");
    }
    if (first_of_profile_ && first_of_profile_->size() < 14) {
      return Refuse("an APP2 segment (ICC profile) is cut short");
    }
    first_of_profile_.reset();
    return {};
  }

  bool has_density_ = false;
  std::optional<std::string_view> first_of_profile_;  // as Pillow sorts its segments
  std::optional<std::string_view> exif_;
  std::string joined_;  // of EXIF, where it has several segments
  std::string_view xmp_;
};

}  // namespace

Status CheckJpegHeader(const uint8_t* bytes, size_t size, int* orientation) {
  const uint8_t* const end = bytes + size;
  Header header;
  *orientation = 1;
  for (const uint8_t* p = bytes;;) {
    const Marker marker = NextMarker(&p, end);
    if (marker.code == kNoMarker) return {};  // cut short, which libjpeg says
    if (marker.code < 0xC0) {
      constexpr char kDigits[] = "0123456789ABCDEF";
      return Refuse(std::string("the marker FF ") + kDigits[marker.code >> 4] +
                    kDigits[marker.code & 15] + " stands before the first scan");
    }
    if (marker.code == kSos) return header.Finish(orientation);
    const std::string_view data(reinterpret_cast<const char*>(marker.body), marker.size);
    REGCORE_RETURN_IF_ERROR(header.Take(marker.code, data));
  }
}

}  // namespace regcore
