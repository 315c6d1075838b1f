// Every SIMD level of this build and machine against the portable kernels, byte for byte. Buffers
// have exactly the size that the headers promise, so that AddressSanitizer sees any overrun.
//
// kernel_test [--quick] [--require LEVEL]: fewer cases (for emulators); fail if LEVEL was not run.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cpu.h"
#include "crop_geometry.h"
#include "image.h"
#include "normalize.h"
#include "resample.h"
#include "resample_plan.h"

namespace regcore {
namespace {

constexpr Filter kFilters[] = {Filter::kBox, Filter::kBilinear, Filter::kHamming, Filter::kBicubic,
                               Filter::kLanczos};
constexpr DataType kTypes[] = {DataType::kFloat32, DataType::kFloat16, DataType::kUint8};

class Report {
 public:
  void Check(bool ok, const std::string& what) {
    ++(ok ? passed_ : failed_);
    if (!ok && failed_ <= 20) std::printf("FAILED: %s\n", what.c_str());
  }

  int passed() const { return passed_; }
  int failed() const { return failed_; }

 private:
  int passed_ = 0;
  int failed_ = 0;
};

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}

  // Both included. The standard library's distributions differ between libraries.
  int Between(int low, int high) {
    return low + static_cast<int>(Next() % static_cast<uint32_t>(high - low + 1));
  }

  double Real(double low, double high) { return low + (high - low) * 0x1p-32 * Next(); }

  // Small numbers as often as large ones.
  double Scale(double low, double high) { return std::exp2(Real(std::log2(low), std::log2(high))); }

  std::unique_ptr<uint8_t[]> Bytes(size_t size) {
    std::unique_ptr<uint8_t[]> bytes(new uint8_t[size]);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(Next() >> 7);
    return bytes;
  }

 private:
  uint32_t Next() { return static_cast<uint32_t>(engine_()); }

  std::mt19937 engine_;
};

// ---- resample

struct Axis {
  int input = 1;
  int output = 1;
  int first = 0;
  int count = 1;
};

enum class Pixels { kRandom, kBlackAndWhite, kCheckerboard, kBlack, kWhite };

struct Case {
  Axis x;
  Axis y;
  Filter filter = Filter::kBicubic;
  Pixels pixels = Pixels::kRandom;

  std::string Text() const {
    const auto text = [](const Axis& a) {
      return std::to_string(a.input) + "->" + std::to_string(a.output) + "[" +
             std::to_string(a.first) + "+" + std::to_string(a.count) + "]";
    };
    return text(x) + " x " + text(y) + " filter " + std::to_string(static_cast<int>(filter)) +
           " pixels " + std::to_string(static_cast<int>(pixels));
  }
};

AxisPlan PlanOf(const Axis& axis, Filter filter) {
  return MakeAxisPlan(axis.input, axis.output, axis.first, axis.count, filter);
}

// The pixels that two plans need, in a view with some more on each side and gaps between the rows.
class Picture {
 public:
  Picture(const Case& c, const AxisPlan& x, const AxisPlan& y, Random* random) {
    view_.area = {std::max(x.input_begin() - random->Between(0, 3), 0),
                  std::max(y.input_begin() - random->Between(0, 3), 0),
                  std::min(x.input_end() + random->Between(0, 3), c.x.input),
                  std::min(y.input_end() + random->Between(0, 3), c.y.input)};
    const int row = 3 * view_.area.width();
    view_.stride = row + random->Between(0, 1) * random->Between(0, 70);
    const size_t lead = static_cast<size_t>(random->Between(0, 5));  // any alignment
    const size_t size = static_cast<size_t>(view_.stride * (view_.area.height() - 1) + row);
    bytes_ = random->Bytes(lead + size + kReadSlack);
    uint8_t* data = bytes_.get() + lead;
    for (size_t i = 0; i < size; ++i) data[i] = Value(c.pixels, data[i], i);
    view_.data = data;
  }

  const RgbView& view() const { return view_; }

 private:
  uint8_t Value(Pixels pixels, uint8_t random, size_t i) const {
    const size_t stride = static_cast<size_t>(view_.stride);
    switch (pixels) {
      case Pixels::kRandom:
        return random;
      case Pixels::kBlackAndWhite:
        return random < 128 ? 0 : 255;
      case Pixels::kCheckerboard:
        return (i / stride + i % stride / 3) % 2 == 0 ? 0 : 255;
      case Pixels::kBlack:
        return 0;
      case Pixels::kWhite:
        return 255;
    }
    return 0;
  }

  std::unique_ptr<uint8_t[]> bytes_;
  RgbView view_;
};

std::vector<uint8_t> Resample(const ResampleKernel& kernel, const AxisPlan& x, const AxisPlan& y,
                              const RgbView& view) {
  PackedAxis horizontal;
  PackedAxis vertical;
  horizontal.plan = x;
  vertical.plan = y;
  const int columns = 3 * x.count;
  AlignedBuffer intermediate;
  const size_t bytes = kernel.intermediate_bytes(y.input_end() - y.input_begin(), columns);
  if (!kernel.pack_horizontal(&horizontal).ok() || !kernel.pack_vertical(&vertical).ok() ||
      !intermediate.Reserve(bytes).ok()) {
    return {};
  }
  std::memset(intermediate.data(), 0xA5, bytes);
  kernel.horizontal(horizontal, y, view, intermediate.data());
  const size_t row_bytes = static_cast<size_t>(columns);
  std::vector<uint8_t> result(row_bytes * static_cast<size_t>(y.count));
  const std::unique_ptr<uint8_t[]> out(new uint8_t[(row_bytes + 63) / 64 * 64]);
  for (int row = 0; row < y.count; ++row) {
    kernel.vertical(vertical, row, intermediate.data(), columns, out.get());
    std::memcpy(result.data() + row_bytes * static_cast<size_t>(row), out.get(), row_bytes);
  }
  return result;
}

void CheckCase(SimdLevel level, const Case& c, Random* random, Report* report) {
  const AxisPlan x = PlanOf(c.x, c.filter);
  const AxisPlan y = PlanOf(c.y, c.filter);
  const Picture picture(c, x, y, random);
  const std::vector<uint8_t> expected = Resample(kResamplePortable, x, y, picture.view());
  const std::vector<uint8_t> actual = Resample(ResampleKernelFor(level), x, y, picture.view());
  report->Check(!expected.empty() && actual == expected,
                std::string("resample ") + SimdName(level) + " " + c.Text());
}

// A crop window at either end or anywhere, of an axis shrunk up to 45 times or stretched 20 times.
Axis RandomAxis(Random* random) {
  constexpr double kShrink[][2] = {{0.05, 1}, {1, 3}, {3, 12}, {12, 45}};
  const double* range = kShrink[random->Between(0, 3)];
  Axis axis;
  axis.output = static_cast<int>(random->Scale(1, 320));
  const double input = axis.output * random->Scale(range[0], range[1]);
  axis.input = std::clamp(static_cast<int>(input), 1, 8000);
  axis.count = random->Between(1, std::min(axis.output, 64));
  if (axis.output >= 224 && random->Between(0, 3) == 0) axis.count = 224;
  const int spare = axis.output - axis.count;
  const int places[] = {0, spare, random->Between(0, spare)};
  axis.first = places[random->Between(0, 2)];
  return axis;
}

Case RandomCase(Random* random) {
  constexpr int64_t kMaxPixels = 200'000;
  for (;;) {
    Case c;
    c.x = RandomAxis(random);
    c.y = RandomAxis(random);
    c.filter = kFilters[random->Between(0, 4)];
    c.pixels = static_cast<Pixels>(random->Between(0, 4));
    const auto extent = [](const Axis& a) { return int64_t{a.input} * a.count / a.output + 8; };
    if (extent(c.x) * extent(c.y) <= kMaxPixels) return c;
  }
}

void CheckResample(SimdLevel level, int random_cases, Report* report) {
  Random random(1);
  for (Filter filter : kFilters) {
    for (int input = 1; input <= 12; ++input) {
      for (int output = 1; output <= 12; ++output) {
        const Axis x = {input, output, 0, output};
        const Axis y = {13 - input, 13 - output, 0, 13 - output};
        CheckCase(level, {x, y, filter, Pixels::kRandom}, &random, report);
      }
    }
    const Axis long_side = {500, 341, 58, 224};
    const Axis short_side = {375, 256, 16, 224};
    CheckCase(level, {long_side, short_side, filter, Pixels::kRandom}, &random, report);
    CheckCase(level, {short_side, long_side, filter, Pixels::kBlackAndWhite}, &random, report);
    const Axis very_wide = {10'000, 250, 3, 224};  // 40 times
    CheckCase(level, {very_wide, {3, 2, 0, 2}, filter, Pixels::kRandom}, &random, report);
    CheckCase(level, {{5, 3, 0, 3}, very_wide, filter, Pixels::kRandom}, &random, report);
  }
  for (int i = 0; i < random_cases; ++i) CheckCase(level, RandomCase(&random), &random, report);
}

// The SIMD kernels split weights below this bound exactly; and no sum of Pillow's overflows.
void CheckWeights(const AxisPlan& plan, Report* report, double* largest) {
  constexpr double kOne = 1 << kWeightBits;
  bool fits = true;
  for (size_t i = 0; i < static_cast<size_t>(plan.count); ++i) {
    const int32_t* weights = plan.weights.data() + i * static_cast<size_t>(plan.taps);
    double positive = 0;
    for (int t = 0; t < plan.length[i]; ++t) {
      *largest = std::max(*largest, std::fabs(weights[t] / kOne));
      positive += std::max(weights[t], 0) / kOne;
    }
    fits = fits && positive * 255 + 0.5 < 512;
  }
  report->Check(fits && *largest < 1.98, "weights " + std::to_string(plan.input_size) + "->" +
                                             std::to_string(plan.output_size) + " up to " +
                                             std::to_string(*largest));
}

void CheckAllWeights(int stride, Report* report) {
  Random random(2);
  double largest = 0;
  for (Filter filter : kFilters) {
    for (int input = 1; input <= 64; ++input) {
      for (int output = 1 + input % stride; output <= 300; output += stride) {
        CheckWeights(MakeAxisPlan(input, output, 0, output, filter), report, &largest);
      }
    }
    for (int i = 0; i < 200 / stride; ++i) {
      const int input = static_cast<int>(random.Scale(1, 20'000));
      const int output = static_cast<int>(random.Scale(1, 1'000));
      CheckWeights(MakeAxisPlan(input, output, 0, output, filter), report, &largest);
    }
  }
  std::printf("weights: the largest is %.4f\n", largest);
}

// ---- normalise

struct MeanStd {
  float mean[3];
  float std[3];
};

constexpr MeanStd kUsual[] = {{{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}},
                              {{0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}},
                              {{0, 0, 0}, {1, 1, 1}}};

const NormalizeKernel& NormalizeKernelFor(SimdLevel level) {
  switch (level) {
#if defined(REGCORE_X86)
    case SimdLevel::kAvx2:
      return kNormalizeAvx2;
    case SimdLevel::kAvx512:
      return kNormalizeAvx512;
#elif defined(REGCORE_ARM64)
    case SimdLevel::kNeon:
      return kNormalizeNeon;
#endif
    default:
      return kNormalizePortable;
  }
}

// Three planes, each with nothing behind its end.
template <typename T>
struct Planes {
  std::unique_ptr<T[]> plane[3];
  T* pointer[3];

  explicit Planes(int width) {
    for (int c = 0; c < 3; ++c) {
      plane[c].reset(new T[static_cast<size_t>(width)]());
      pointer[c] = plane[c].get();
    }
  }

  bool Equals(const Planes& other, int width) const {
    const size_t size = static_cast<size_t>(width) * sizeof(T);
    for (int c = 0; c < 3; ++c) {
      if (std::memcmp(pointer[c], other.pointer[c], size) != 0) return false;
    }
    return true;
  }
};

void CheckPlanar(SimdLevel level, const uint8_t* rgb, int width, const NormalizeTable& table,
                 Report* report) {
  const NormalizeKernel& kernel = NormalizeKernelFor(level);
  const std::string what =
      std::string("normalize ") + SimdName(level) + " width " + std::to_string(width) + " as ";
  Planes<float> single(width), expected_single(width);
  kernel.planar_single(rgb, width, table, single.pointer);
  kNormalizePortable.planar_single(rgb, width, table, expected_single.pointer);
  report->Check(single.Equals(expected_single, width), what + "float32");
  Planes<uint16_t> half(width), expected_half(width);
  kernel.planar_half(rgb, width, table, half.pointer);
  kNormalizePortable.planar_half(rgb, width, table, expected_half.pointer);
  report->Check(half.Equals(expected_half, width), what + "float16");
  Planes<uint8_t> bytes(width), expected_bytes(width);
  kernel.planar_bytes(rgb, width, bytes.pointer);
  kNormalizePortable.planar_bytes(rgb, width, expected_bytes.pointer);
  report->Check(bytes.Equals(expected_bytes, width), what + "bytes");
}

// Two rows by the public class, which may fall back to the table but must equal it.
void CheckNormalizer(SimdLevel level, const MeanStd& m, int width, Random* random, Report* report) {
  constexpr int kRows = 2;
  const size_t row = 3 * static_cast<size_t>(width);
  for (DataType type : kTypes) {
    for (Layout layout : {Layout::kNchw, Layout::kNhwc}) {
      const Normalizer actual(m.mean, m.std, type, layout, width, kRows, level);
      const Normalizer expected(m.mean, m.std, type, layout, width, kRows, SimdLevel::kPortable);
      const size_t bytes = actual.slot_bytes();
      const std::unique_ptr<uint8_t[]> slot(new uint8_t[bytes]);
      const std::unique_ptr<uint8_t[]> expected_slot(new uint8_t[bytes]);
      for (int y = 0; y < kRows; ++y) {
        const std::unique_ptr<uint8_t[]> rgb = random->Bytes(row + kReadSlack);
        actual.Row(rgb.get(), y, slot.get());
        expected.Row(rgb.get(), y, expected_slot.get());
      }
      report->Check(std::memcmp(slot.get(), expected_slot.get(), bytes) == 0,
                    std::string("Normalizer ") + SimdName(level) + " width " +
                        std::to_string(width) + " type " + std::to_string(static_cast<int>(type)));
    }
  }
}

void CheckNormalize(SimdLevel level, Report* report) {
  Random random(3);
  for (const MeanStd& m : kUsual) {
    const NormalizeTable table = MakeNormalizeTable(m.mean, m.std);
    for (int width = 1; width <= 224; width += width < 70 ? 1 : 154) {
      const size_t row = 3 * static_cast<size_t>(width);
      CheckPlanar(level, random.Bytes(row + kReadSlack).get(), width, table, report);
    }
    std::unique_ptr<uint8_t[]> inputs = random.Bytes(3 * 256 + kReadSlack);
    for (size_t i = 0; i < 3 * 256; ++i) inputs[i] = static_cast<uint8_t>(i / 3);
    CheckPlanar(level, inputs.get(), 256, table, report);
  }
  for (int i = 0; i < 60; ++i) {
    MeanStd m{};
    for (float& mean : m.mean) mean = static_cast<float>(random.Real(-1, 2));
    for (float& std : m.std) std = static_cast<float>(random.Scale(1e-3, 1e3));
    CheckNormalizer(level, m, random.Between(1, 70), &random, report);
  }
}

// ---- geometry

struct KnownGeometry {
  int width, height, resize, crop;
  CropGeometry expected;
};

// By torchvision's formulas in Python.
constexpr KnownGeometry kGeometries[] = {
    {500, 375, 256, 224, {341, 256, 58, 16}},  // 58.5 to even
    {375, 500, 256, 224, {256, 341, 16, 58}},
    {343, 256, 256, 224, {343, 256, 60, 16}},  // 59.5 to even
    {256, 256, 256, 224, {256, 256, 16, 16}},
    {500, 333, 256, 224, {384, 256, 80, 16}},
    {1, 1000, 256, 224, {256, 256000, 16, 127888}},
    {7, 3, 9, 8, {21, 9, 6, 0}},  // 6.5 and 0.5 to even
    {5, 4, 8, 7, {10, 8, 2, 0}},  // 1.5 and 0.5
    {640, 480, 224, 224, {298, 224, 37, 0}},
};

void CheckGeometry(Report* report) {
  for (const KnownGeometry& g : kGeometries) {
    const CropGeometry actual = MakeCropGeometry(g.width, g.height, g.resize, g.crop);
    report->Check(actual.resized_width == g.expected.resized_width &&
                      actual.resized_height == g.expected.resized_height &&
                      actual.left == g.expected.left && actual.top == g.expected.top,
                  "geometry of " + std::to_string(g.width) + "x" + std::to_string(g.height));
  }
}

struct Options {
  bool quick = false;
  std::string require;
};

bool Parse(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--quick") {
      options->quick = true;
    } else if (argument == "--require" && i + 1 < argc) {
      options->require = argv[++i];
    } else {
      std::fprintf(stderr, "usage: kernel_test [--quick] [--require LEVEL]\n");
      return false;
    }
  }
  return true;
}

int Main(const Options& options) {
  Report report;
  CheckGeometry(&report);
  CheckAllWeights(options.quick ? 9 : 1, &report);
  bool found = options.require.empty();
  for (SimdLevel level : SupportedSimdLevels()) {
    found = found || options.require == SimdName(level);
    if (level == SimdLevel::kPortable) continue;
    const int before = report.failed();
    CheckResample(level, options.quick ? 300 : 1500, &report);
    CheckNormalize(level, &report);
    std::printf("%s: %s\n", SimdName(level), report.failed() == before ? "equal" : "DIFFERENT");
    std::fflush(stdout);
  }
  report.Check(found, "level " + options.require + " was not tested");
  std::printf("%d passed, %d failed\n", report.passed(), report.failed());
  return report.failed() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace regcore

int main(int argc, char** argv) {
  regcore::Options options;
  return regcore::Parse(argc, argv, &options) ? regcore::Main(options) : 2;
}
