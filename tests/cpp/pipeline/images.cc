#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// clang-format off
#include <jpeglib.h>
// clang-format on

#include "pipeline/images.h"

namespace regcore {

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
  info.input_components = kind.grey ? 1 : 3;
  info.in_color_space = kind.grey ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, kind.quality, TRUE);
  info.arith_code = kind.arithmetic;
  info.restart_in_rows = static_cast<int>(kind.restart_rows);
  if (!kind.grey) {
    info.comp_info[0].h_samp_factor = kind.horizontal;
    info.comp_info[0].v_samp_factor = kind.vertical;
  }
  if (kind.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  Random random(seed);
  const int waves[] = {random.Between(1, 40), random.Between(1, 40), random.Between(1, 40)};
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
