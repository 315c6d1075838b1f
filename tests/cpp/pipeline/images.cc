#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

// clang-format off
#include <jpeglib.h>
// clang-format on

#include "pipeline/images.h"

namespace regcore {
namespace {

// The scans of a progressive image in the making. Of each coefficient it is known which bit was
// sent last; -1: none.
class RandomScans {
 public:
  RandomScans(int components, uint32_t seed) : components_(components), random_(seed) {
    for (auto& component : low_) std::fill(component, component + 64, -1);
    const bool interleaved = components > 1 && random_.Between(0, 1) == 1;
    const int first_low = random_.Between(0, 2);
    if (interleaved) AddFirst(0, components, first_low);
    for (int c = 0; c < components && !interleaved; ++c) AddFirst(c, 1, random_.Between(0, 2));
    while (AddRefinedOrNew()) continue;
    for (int low = first_low; interleaved && low > 0; --low) AddFirst(0, components, low - 1);
  }

  std::vector<jpeg_scan_info> scans;

 private:
  // The first coefficients of `count` components from `first` on.
  void AddFirst(int first, int count, int low) {
    jpeg_scan_info scan{};
    scan.comps_in_scan = count;
    for (int i = 0; i < count; ++i) scan.component_index[i] = first + i;
    Finish(low, &scan);
  }

  // A band of one component, or the next bit of its first coefficient. False: all are sent.
  bool AddRefinedOrNew() {
    std::vector<std::pair<int, int>> missing;
    for (int c = 0; c < components_; ++c) {
      for (int k = scans[0].comps_in_scan > 1 ? 1 : 0; k < 64; ++k) {
        if (low_[c][k] != 0) missing.emplace_back(c, k);
      }
    }
    if (missing.empty()) return false;
    const auto [c, k] =
        missing[static_cast<size_t>(random_.Between(0, static_cast<int>(missing.size()) - 1))];
    int first = k, last = k;
    const bool to_any = random_.Between(0, 9) > 0;  // else a part of the band
    while (k > 0 && first > 1 && low_[c][first - 1] == low_[c][k]) --first;
    while (k > 0 && last < 63 && low_[c][last + 1] == low_[c][k] && (to_any || last < k + 5)) {
      ++last;
    }
    jpeg_scan_info scan{};
    scan.comps_in_scan = 1;
    scan.component_index[0] = c;
    scan.Ss = first;
    scan.Se = last;
    Finish(low_[c][k] < 0 ? random_.Between(0, 2) : low_[c][k] - 1, &scan);
    return true;
  }

  void Finish(int low, jpeg_scan_info* scan) {
    scan->Ah = std::max(0, low_[scan->component_index[0]][scan->Ss]);
    scan->Al = low;
    for (int i = 0; i < scan->comps_in_scan; ++i) {
      int* const of = low_[scan->component_index[i]];
      std::fill(of + scan->Ss, of + scan->Se + 1, low);
    }
    scans.push_back(*scan);
  }

  int components_;
  int low_[4][64];
  Random random_;
};

}  // namespace

bool HasRoomForInks(const JpegKind& kind) {
  const int first = kind.horizontal * kind.vertical;
  const int other = kind.other_horizontal * kind.other_vertical;
  return first + 2 * other + (kind.scarce_black ? other : first) <= kMaxBlocksOfMcu;
}

Bytes EncodeJpeg(int width, int height, const JpegKind& kind, uint32_t seed) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);  // an error ends the program
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = kind.grey ? 1 : kind.inks ? 4 : 3;
  info.in_color_space = kind.grey ? JCS_GRAYSCALE : kind.inks ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&info);
  if (!kind.grey && kind.inks && !kind.rgb) jpeg_set_colorspace(&info, JCS_YCCK);
  if (!kind.grey && !kind.inks && kind.rgb) jpeg_set_colorspace(&info, JCS_RGB);
  jpeg_set_quality(&info, kind.quality, TRUE);
  info.arith_code = kind.arithmetic;
  info.restart_in_rows = static_cast<int>(kind.restart_rows);
  info.restart_interval = kind.restart_mcus;
  if (!kind.grey) {
    info.comp_info[0].h_samp_factor = kind.horizontal;
    info.comp_info[0].v_samp_factor = kind.vertical;
    for (int c = 1; c < info.num_components; ++c) {
      const bool is_whole = c == 3 && !kind.scarce_black;
      info.comp_info[c].h_samp_factor = is_whole ? kind.horizontal : kind.other_horizontal;
      info.comp_info[c].v_samp_factor = is_whole ? kind.vertical : kind.other_vertical;
    }
  }
  if (kind.progressive) jpeg_simple_progression(&info);
  std::vector<jpeg_scan_info> scans;
  if (kind.progressive && kind.random_scans) {
    scans = RandomScans(info.num_components, seed).scans;
    info.scan_info = scans.data();
    info.num_scans = static_cast<int>(scans.size());
  }
  jpeg_start_compress(&info, TRUE);
  Random random(seed);
  const int waves[] = {random.Between(1, 40), random.Between(1, 40), random.Between(1, 40),
                       random.Between(1, 40)};
  while (info.next_scanline < info.image_height) {
    const auto row = random.Bytes(static_cast<size_t>(width * info.input_components));
    if (kind.smooth) {
      for (int i = 0; i < width * info.input_components; ++i) {
        const int wave = waves[i % info.input_components];
        const double x = (i / info.input_components + 2.0 * info.next_scanline) / wave;
        row[static_cast<size_t>(i)] = static_cast<uint8_t>(128 + 120 * std::sin(x));
      }
    }
    JSAMPROW rows[] = {row.get()};
    jpeg_write_scanlines(&info, rows, 1);
  }
  jpeg_finish_compress(&info);
  Bytes bytes(memory, memory + size);
  jpeg_destroy_compress(&info);
  std::free(memory);
  return bytes;
}

JpegKind RandomKind(Random* random) {
  constexpr int kFactors[][4] = {{1, 1, 1, 1}, {2, 1, 1, 1}, {2, 2, 1, 1}, {1, 2, 1, 1},
                                 {4, 1, 1, 1}, {2, 2, 1, 2}, {2, 2, 2, 1}, {2, 1, 2, 1},
                                 {1, 2, 1, 2}, {4, 1, 2, 1}, {4, 2, 1, 1}, {1, 4, 1, 1},
                                 {1, 4, 1, 2}, {3, 1, 3, 1}, {1, 3, 1, 3}};
  JpegKind kind;
  kind.grey = random->Between(0, 7) == 0;
  kind.rgb = random->Between(0, 7) == 0;
  const auto& factors = kFactors[random->Between(0, static_cast<int>(std::size(kFactors)) - 1)];
  kind.horizontal = factors[0];
  kind.vertical = factors[1];
  kind.other_horizontal = factors[2];
  kind.other_vertical = factors[3];
  kind.scarce_black = random->Between(0, 2) == 0;
  kind.inks = random->Between(0, 2) == 0 && HasRoomForInks(kind);
  kind.restart_rows = static_cast<unsigned>(random->Between(0, 2));
  if (kind.restart_rows == 0) kind.restart_mcus = static_cast<unsigned>(random->Between(0, 5));
  kind.quality = random->Between(1, 100);
  kind.smooth = random->Between(0, 2) > 0;
  return kind;
}

bool IsTaken(const JpegKind& kind, int width) {
  const int across = kind.horizontal / kind.other_horizontal;
  const int down = kind.vertical / kind.other_vertical;
  if (kind.grey) return true;
  if (across == 2) return down <= 2 && width > 4;
  return down <= 2 && (across == 1 || (across == 4 && down == 1));
}

Rect RandomPart(int width, int height, Random* random) {
  Rect part;
  part.left = random->Between(0, width - 1);
  part.top = random->Between(0, height - 1);
  part.right = random->Between(part.left + 1, width);
  part.bottom = random->Between(part.top + 1, height);
  return part;
}

bool SameRegion(const RgbView& a, const RgbView& b, const Rect& area) {
  for (int y = area.top; y < area.bottom; ++y) {
    const uint8_t* x = a.Row(y) + 3 * (area.left - a.area.left);
    const uint8_t* z = b.Row(y) + 3 * (area.left - b.area.left);
    if (std::memcmp(x, z, 3 * static_cast<size_t>(area.width())) != 0) return false;
  }
  return true;
}

std::vector<Bytes> MixedImages() {
  std::vector<Bytes> images;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    JpegKind kind;
    kind.progressive = seed % 5 == 0;
    kind.grey = seed % 7 == 0;
    kind.inks = seed % 9 == 4;
    kind.horizontal = 1 + static_cast<int>(seed % 2);
    kind.restart_rows = seed % 3;
    Bytes image = EncodeJpeg(50 + static_cast<int>(seed), 90 - static_cast<int>(seed), kind, seed);
    if (seed % 11 == 3) image.resize(image.size() / 2);
    if (seed % 13 == 5) image.assign(seed * 7, 'x');
    images.push_back(std::move(image));
  }
  return images;
}

PreprocessSpec SmallSpec(MemoryBudget* memory) {
  PreprocessSpec spec{};
  spec.crop = {Resize::kShortSide, 40, 40, 33, 33, CropOffset::kHalfEven, false};
  spec.filter = Filter::kBicubic;
  spec.order = PassOrder::kPillow13;
  spec.formula = {255, {0.5f, 0.5f, 0.5f},  {0.5f, 0.5f, 0.5f}, {1, 1, 1}, 0,
                  0,   Arithmetic::kFloat32};
  spec.type = DataType::kFloat32;
  spec.layout = Layout::kNchw;
  spec.on_warning = OnWarning::kReport;
  spec.level = SupportedSimdLevels().back();
  spec.memory = memory;
  return spec;
}

std::vector<ImageSource> SourcesOf(const std::vector<Bytes>& images) {
  std::vector<ImageSource> sources;
  for (const Bytes& image : images) {
    ImageSource source;
    source.data = image.data();
    source.size = image.size();
    sources.push_back(source);
  }
  return sources;
}

ExternalDecoder GreyDecoder() {
  ExternalDecoder decoder;
  decoder.decode = [](void*, size_t index, ExternalImage* image) -> Status {
    if (index % 2 == 0) return {StatusCode::kExternal, "not an image of a known format"};
    uint8_t* pixels = nullptr;
    REGCORE_RETURN_IF_ERROR(image->Reserve(60, 50, 8));
    REGCORE_RETURN_IF_ERROR(image->Allocate(60, 50, &pixels));
    std::fill(pixels, pixels + 60 * 50 * 3, uint8_t{127});
    image->complete = true;
    return {};
  };
  return decoder;
}

Expected OneByOne(const PreprocessSpec& spec, const std::vector<ImageSource>& sources) {
  const ImagePreprocessor preprocess(spec);
  const MemoryShare share(nullptr, 1);
  WorkerState worker(spec, share);
  Expected expected;
  for (size_t i = 0; i < sources.size(); ++i) {
    Bytes slot(preprocess.slot_bytes());
    expected.codes.push_back(
        preprocess.ToSlot(sources[i], i, GreyDecoder(), &worker, slot.data()).code());
    expected.slots.push_back(std::move(slot));
  }
  return expected;
}

}  // namespace regcore
