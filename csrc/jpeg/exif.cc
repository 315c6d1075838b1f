#include "jpeg/exif.h"

#include <bit>
#include <cstdint>

namespace regcore {
namespace {

constexpr uint64_t kOrientation = 0x0112;
constexpr uint64_t kXResolution = 0x011A;
constexpr uint64_t kResolutionUnit = 0x0128;

// Types of TIFF 6.0, section 2, and of BigTIFF.
enum Type : uint64_t {
  kByte = 1,
  kAscii,
  kShort,
  kLong,
  kRational,
  kSignedByte,
  kUndefined,
  kSignedShort,
  kSignedLong,
  kSignedRational,
  kFloat,
  kDouble,
  kIfd,
  kLong8 = 16,
};

size_t BytesOf(uint64_t type) {
  constexpr size_t kBytes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8};
  return type < std::size(kBytes) ? kBytes[type] : 0;
}

// Numbers of either byte order. All places must lie inside.
struct Tiff {
  std::string_view data;
  bool big_endian = false;

  bool Has(uint64_t at, uint64_t bytes) const {
    return at <= data.size() && bytes <= data.size() - at;
  }
  uint64_t Number(size_t at, size_t bytes) const {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) {
      value = value << 8 | static_cast<uint8_t>(data[at + (big_endian ? i : bytes - 1 - i)]);
    }
    return value;
  }
};

double Signed(uint64_t value, size_t bytes) {
  const unsigned unused = static_cast<unsigned>(64 - 8 * bytes);
  return static_cast<double>(static_cast<int64_t>(value << unused) >> unused);
}

// The first number of a value; 0 where it is none.
double FirstNumber(const Tiff& tiff, uint64_t type, size_t at) {
  const size_t bytes = BytesOf(type);
  switch (type) {
    case kShort:
    case kLong:
    case kIfd:
    case kLong8:
      return static_cast<double>(tiff.Number(at, bytes));
    case kSignedByte:
    case kSignedShort:
    case kSignedLong:
      return Signed(tiff.Number(at, bytes), bytes);
    case kRational:
    case kSignedRational: {
      const bool is_signed = type == kSignedRational;
      const uint64_t above = tiff.Number(at, 4), below = tiff.Number(at + 4, 4);
      const double divisor = is_signed ? Signed(below, 4) : static_cast<double>(below);
      if (divisor == 0) return 0;
      return (is_signed ? Signed(above, 4) : static_cast<double>(above)) / divisor;
    }
    case kFloat:
      return std::bit_cast<float>(static_cast<uint32_t>(tiff.Number(at, 4)));
    case kDouble:
      return std::bit_cast<double>(tiff.Number(at, 8));
    default:
      return 0;
  }
}

int ToOrientation(double number) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    if (number == orientation) return orientation;
  }
  return 1;
}

// Whether Pillow, which takes the value apart as numerator and denominator, finds only one of them.
bool ResolutionFails(std::string_view value, uint64_t type) {
  if (type == kByte || type == kUndefined) return value.size() < 2;
  if (type != kAscii) return false;
  if (value.ends_with('\0')) value.remove_suffix(1);
  return value.empty() || (value.size() == 1 && value[0] >= '0' && value[0] <= '9');
}

void ReadDirectory(const Tiff& tiff, uint64_t at, ExifFacts* facts) {
  constexpr size_t kEntry = 12;  // tag, type, count, value: 2 + 2 + 4 + 4 bytes
  if (!tiff.Has(at, 2)) return;
  const uint64_t entries = tiff.Number(at, 2);
  uint64_t outside = 0;
  bool has_resolution = false, has_unit = false, fails = false;
  at += 2;
  for (uint64_t i = 0; i < entries && tiff.Has(at, kEntry); ++i, at += kEntry) {
    const uint64_t tag = tiff.Number(at, 2), type = tiff.Number(at + 2, 2);
    const bool known = (tag == kOrientation && facts->has_orientation) ||
                       (tag == kXResolution && has_resolution) ||
                       (tag == kResolutionUnit && has_unit);
    if (known || BytesOf(type) == 0) continue;
    const uint64_t bytes = tiff.Number(at + 4, 4) * BytesOf(type);
    uint64_t value = at + 8;
    if (bytes > 4) {
      value = tiff.Number(at + 8, 4);
      outside += bytes;
      if (outside > tiff.data.size()) continue;
      if (!tiff.Has(value, bytes)) break;
    }
    if (bytes == 0) continue;
    if (tag == kOrientation) {
      facts->has_orientation = true;
      facts->orientation = ToOrientation(FirstNumber(tiff, type, value));
    } else if (tag == kXResolution) {
      has_resolution = true;
      fails = ResolutionFails(tiff.data.substr(value, bytes), type);
    } else if (tag == kResolutionUnit) {
      has_unit = true;
    }
  }
  facts->resolution_fails = fails && has_unit;
}

}  // namespace

ExifFacts ReadExif(std::string_view block) {
  using std::literals::operator""sv;
  ExifFacts facts;
  for (int i = 0; i < 2 && block.starts_with("Exif\0\0"sv); ++i) block.remove_prefix(6);
  if (block.empty()) {
    facts.readable = true;
    return facts;
  }
  if (block.size() < 8) return facts;
  const std::string_view mark = block.substr(0, 4);
  const bool big_endian = mark == "MM\0*"sv || mark == "MM*\0"sv || mark == "MM\0+"sv;
  if (!big_endian && mark != "II*\0"sv && mark != "II\0*"sv) return facts;
  facts.readable = true;
  const Tiff tiff{block, big_endian};
  ReadDirectory(tiff, tiff.Number(4, 4), &facts);
  return facts;
}

int XmpOrientation(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (size_t at = xmp.find(kName); at != xmp.npos; at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    if (rest.starts_with("=\"")) {
      rest.remove_prefix(2);
    } else if (rest.starts_with('>')) {
      rest.remove_prefix(1);
    } else {
      continue;
    }
    if (rest.empty() || rest[0] < '0' || rest[0] > '9') continue;
    return ToOrientation(rest[0] - '0');
  }
  return 1;
}

}  // namespace regcore
