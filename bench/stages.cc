// Times the stages of the pipeline beside the floor, libjpeg-turbo's plain full decode to RGB (of
// inks, to CMYK), on one thread with the files in memory. Rounds are interleaved, so that a noisy
// machine hits all alike.
//
//   stages ROUNDS FILE...    → JSON: per stage, ms per image for every round
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// clang-format off
#include <jpeglib.h>
// clang-format on

#include "files/read_file.h"
#include "preprocess/preprocess.h"

namespace {

using regcore::AlignedBuffer;

struct File {
  AlignedBuffer bytes;
  size_t size = 0;
};

void Exit(const regcore::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.message().c_str());
  std::exit(1);
}

// As libjpeg's example does it; errors end the program.
void FullDecode(const File& file, std::vector<uint8_t>* pixels) {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file.bytes.data(), static_cast<unsigned long>(file.size));
  jpeg_read_header(&info, TRUE);
  info.out_color_space = info.num_components == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&info);
  const size_t stride = static_cast<size_t>(info.output_components) * info.output_width;
  pixels->resize(stride * info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW rows[16];
    JDIMENSION count = 0;
    for (; count < 16 && info.output_scanline + count < info.output_height; ++count) {
      rows[count] = pixels->data() + (info.output_scanline + count) * stride;
    }
    jpeg_read_scanlines(&info, rows, count);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
}

regcore::PreprocessSpec SpecOf(regcore::DataType type, bool full, regcore::OnWarning on_warning) {
  regcore::PreprocessSpec spec{};
  using regcore::CropOffset, regcore::Resize;
  spec.crop = {Resize::kShortSide, 256, 256, 224, 224, CropOffset::kHalfEven, false};
  spec.filter = regcore::Filter::kBicubic;
  spec.order = regcore::PassOrder::kPillow13;
  spec.formula = {255, {0.485f, 0.456f, 0.406f},     {0.229f, 0.224f, 0.225f}, {1, 1, 1}, 0,
                  0,   regcore::Arithmetic::kFloat32};
  spec.type = type;
  spec.layout = type == regcore::DataType::kUint8 ? regcore::Layout::kNhwc : regcore::Layout::kNchw;
  spec.full_decode = full;
  spec.on_warning = on_warning;
  Exit(regcore::ResolveSimdLevel(std::getenv("REGCORE_SIMD"), &spec.level));
  return spec;
}

// The part of an image that the crop window shows, bar a few pixels that the filter adds.
void RegionDecode(const File& file, regcore::DecodeExtent extent, regcore::JpegDecoder* decoder,
                  AlignedBuffer* pixels) {
  Exit(decoder->Open(file.bytes.data(), file.size));
  const int width = decoder->width();
  const int height = decoder->height();
  const int spare = std::min(width, height) / 16;  // (256 - 224) / 2 of 256
  const int side = std::min(width, height) - 2 * spare;
  regcore::Rect wanted;
  wanted.left = (width - side) / 2;
  wanted.top = (height - side) / 2;
  wanted.right = wanted.left + side;
  wanted.bottom = wanted.top + side;
  regcore::RgbView view;
  Exit(decoder->Decode(wanted, extent, nullptr, pixels, &view));
}

struct Stage {
  const char* name;
  std::function<void(size_t)> run;  // on one file
  std::vector<double> ms = {};      // per image, one per round
};

// One recipe's pipeline with memory of its own.
struct Pipeline {
  Pipeline(regcore::DataType type, bool full,
           regcore::OnWarning on_warning = regcore::OnWarning::kReport)
      : Pipeline(SpecOf(type, full, on_warning)) {}

  explicit Pipeline(const regcore::PreprocessSpec& spec)
      : preprocess(spec), worker(preprocess.spec(), share), slot(preprocess.slot_bytes()) {}

  void FromFile(const File& file) {
    regcore::ImageSource source;
    source.data = file.bytes.data();
    source.size = file.size;
    Exit(preprocess.ToSlot(source, 0, {}, &worker, slot.data()));
  }

  void FromPixels(const regcore::RgbView& view) {
    regcore::ImageSource source;
    source.data = view.data;
    source.width = view.area.width();
    source.height = view.area.height();
    source.stride = view.stride;
    Exit(preprocess.ToSlot(source, 0, {}, &worker, slot.data()));
  }

  regcore::ImagePreprocessor preprocess;
  regcore::MemoryShare share{nullptr, 1};
  regcore::WorkerState worker;
  std::vector<uint8_t> slot;
};

// A recipe other than the guide's, to float32.
struct Variant {
  const char* name;
  regcore::CropRule crop;
  regcore::Layout layout = regcore::Layout::kNchw;
  regcore::Channels channels = regcore::Channels::kRgb;
  bool scaled = true;  // to 0..1 first, which the vector kernels know
  regcore::Filter filter = regcore::Filter::kBicubic;

  regcore::PreprocessSpec Spec() const {
    regcore::PreprocessSpec spec =
        SpecOf(regcore::DataType::kFloat32, false, regcore::OnWarning::kReport);
    spec.crop = crop;
    spec.layout = layout;
    spec.channels = channels;
    spec.filter = filter;
    if (!scaled) {
      spec.formula = {1, {103.939f, 116.779f, 123.68f}, {1, 1, 1}, {1, 1, 1}, 0,
                      0, regcore::Arithmetic::kFloat32};
    }
    return spec;
  }
};

constexpr auto kEven = regcore::CropOffset::kHalfEven;
constexpr Variant kVariants[] = {
    {"whole, short side 224, crop 224",
     {regcore::Resize::kShortSide, 224, 224, 224, 224, kEven, false}},
    {"whole, exactly 224 x 224", {regcore::Resize::kExact, 224, 224, 224, 224, kEven, false}},
    {"whole, exactly 224 x 224, nearest",
     {regcore::Resize::kExact, 224, 224, 224, 224, kEven, false},
     regcore::Layout::kNchw,
     regcore::Channels::kRgb,
     true,
     regcore::Filter::kNearest},
    {"whole, exactly 248 x 248, crop 224",
     {regcore::Resize::kExact, 248, 248, 224, 224, kEven, false}},
    {"whole, inside 224 x 224, border",
     {regcore::Resize::kInside, 224, 224, 224, 224, kEven, true}},
    {"whole, short side 256, crop 224 x 160",
     {regcore::Resize::kShortSide, 256, 256, 224, 160, kEven, false}},
    {"whole, no resize, crop 224", {regcore::Resize::kNone, 1, 1, 224, 224, kEven, true}},
    {"whole, short side 256, float32 nhwc",
     {regcore::Resize::kShortSide, 256, 256, 224, 224, kEven, false},
     regcore::Layout::kNhwc},
    {"whole, short side 256, bgr nchw minus mean",
     {regcore::Resize::kShortSide, 256, 256, 224, 224, kEven, false},
     regcore::Layout::kNchw,
     regcore::Channels::kBgr,
     false},
    {"whole, short side 256, bgr nhwc minus mean",
     {regcore::Resize::kShortSide, 256, 256, 224, 224, kEven, false},
     regcore::Layout::kNhwc,
     regcore::Channels::kBgr,
     false},
    {"whole, short side 256, grey",
     {regcore::Resize::kShortSide, 256, 256, 224, 224, kEven, false},
     regcore::Layout::kNchw,
     regcore::Channels::kGray},
};

struct DecodedImage {
  AlignedBuffer pixels;
  regcore::RgbView view;
};

double Milliseconds(const std::function<void()>& run) {
  const auto begin = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

void Print(const std::vector<Stage>& stages, size_t images) {
  std::printf("{\"images\": %zu, \"libjpeg_turbo\": \"%s\", \"ms_per_image\": {", images,
              regcore::JpegLibraryVersion());
  for (size_t i = 0; i < stages.size(); ++i) {
    std::printf("%s\"%s\": [", i == 0 ? "" : ", ", stages[i].name);
    for (size_t r = 0; r < stages[i].ms.size(); ++r) {
      std::printf("%s%.5f", r == 0 ? "" : ", ", stages[i].ms[r]);
    }
    std::printf("]");
  }
  std::printf("}}\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s ROUNDS FILE...\n", argv[0]);
    return 2;
  }
  const int rounds = std::atoi(argv[1]);
  std::vector<File> files(static_cast<size_t>(argc - 2));
  std::vector<DecodedImage> images(files.size());
  regcore::SimdLevel level{};
  Exit(regcore::ResolveSimdLevel(std::getenv("REGCORE_SIMD"), &level));
  regcore::JpegDecoder decoder({}, level);
  for (size_t i = 0; i < files.size(); ++i) {
    Exit(regcore::ReadFile(argv[i + 2], nullptr, regcore::DecodeLimits{}.file_bytes, nullptr,
                           &files[i].bytes, &files[i].size));
    Exit(decoder.Open(files[i].bytes.data(), files[i].size));
    const regcore::Rect all = {0, 0, decoder.width(), decoder.height()};
    Exit(decoder.Decode(all, regcore::DecodeExtent::kWhole, nullptr, &images[i].pixels,
                        &images[i].view));
  }

  std::vector<uint8_t> frame;
  AlignedBuffer region;
  Pipeline float32(regcore::DataType::kFloat32, false);
  Pipeline float16(regcore::DataType::kFloat16, false);
  Pipeline uint8(regcore::DataType::kUint8, false);
  Pipeline full(regcore::DataType::kFloat32, true);
  Pipeline ignoring(regcore::DataType::kFloat32, false, regcore::OnWarning::kIgnore);
  std::vector<Stage> stages = {
      {"libjpeg-turbo full decode", [&](size_t i) { FullDecode(files[i], &frame); }},
      {"region decode",
       [&](size_t i) {
         RegionDecode(files[i], regcore::DecodeExtent::kWanted, &decoder, &region);
       }},
      {"region decode, rest looked through",
       [&](size_t i) {
         RegionDecode(files[i], regcore::DecodeExtent::kWantedChecked, &decoder, &region);
       }},
      {"whole, float32 nchw", [&](size_t i) { float32.FromFile(files[i]); }},
      {"whole, float32 nchw, damage ignored", [&](size_t i) { ignoring.FromFile(files[i]); }},
      {"whole, float16 nchw", [&](size_t i) { float16.FromFile(files[i]); }},
      {"whole, uint8 nhwc", [&](size_t i) { uint8.FromFile(files[i]); }},
      {"whole with full decode, float32 nchw", [&](size_t i) { full.FromFile(files[i]); }},
      {"resample + normalise, float32 nchw", [&](size_t i) { float32.FromPixels(images[i].view); }},
      {"resample, uint8 nhwc", [&](size_t i) { uint8.FromPixels(images[i].view); }},
  };
  std::vector<std::unique_ptr<Pipeline>> variants;
  for (const Variant& variant : kVariants) {
    Pipeline* pipeline = variants.emplace_back(std::make_unique<Pipeline>(variant.Spec())).get();
    stages.push_back(
        {variant.name, [&files, pipeline](size_t i) { pipeline->FromFile(files[i]); }});
  }
  for (int round = -1; round < rounds; ++round) {  // the first one warms up
    for (Stage& stage : stages) {
      const double ms = Milliseconds([&] {
        for (size_t i = 0; i < files.size(); ++i) stage.run(i);
      });
      if (round >= 0) stage.ms.push_back(ms / static_cast<double>(files.size()));
    }
  }
  Print(stages, files.size());
  return 0;
}
