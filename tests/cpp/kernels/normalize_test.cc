// The normalise kernels, and Normalizer, on planes with nothing past their ends.
#include "normalize/normalize.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/kernel_test.h"
#include "random.h"

namespace regcore {
namespace {

constexpr DataType kTypes[] = {DataType::kFloat32, DataType::kFloat16, DataType::kBfloat16,
                               DataType::kUint8, DataType::kInt8};

// Scaled to 0..1, with mean and standard deviation.
constexpr ValueFormula Scaled(double r_mean, double g_mean, double b_mean, double r_std,
                              double g_std, double b_std) {
  return {255, {r_mean, g_mean, b_mean}, {r_std, g_std, b_std}, {1, 1, 1}, 0,
          0,   Arithmetic::kFloat32};
}

// The vector kernels take these.
constexpr ValueFormula kUsual[] = {
    Scaled(0.485f, 0.456f, 0.406f, 0.229f, 0.224f, 0.225f),
    Scaled(0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f),
    Scaled(0, 0, 0, 1, 1, 1),
    {255, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, {1, 1, 1}, 0, 0, Arithmetic::kProduct},
    {1,
     {103.939f, 116.779f, 123.68f},
     {57.1f, 57.4f, 58.4f},
     {1, 1, 1},
     0,
     0,
     Arithmetic::kFloat32}};

// And not these.
constexpr ValueFormula kOthers[] = {
    {127.5f, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, 0, 0, Arithmetic::kFloat32},
    {255,
     {0.485f, 0.456f, 0.406f},
     {0.5f, 0.4f, 0.3f},
     {0.5f, 0.4f, 0.3f},
     0,
     0,
     Arithmetic::kFloat32},
    {255, {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}, {1, 1, 1}, 0.0078125f, 3, Arithmetic::kFloat32},
    {255, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, {1, 1, 1}, 0, 0, Arithmetic::kFloat64}};

// Three planes, each with nothing past its end.
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

// Interleaved values, with nothing past their end.
template <typename T>
struct Interleaved {
  std::unique_ptr<T[]> values;

  explicit Interleaved(int width) : values(new T[3 * static_cast<size_t>(width)]()) {}

  bool Equals(const Interleaved& other, int width) const {
    const size_t size = 3 * static_cast<size_t>(width) * sizeof(T);
    return std::memcmp(values.get(), other.values.get(), size) == 0;
  }
};

template <typename T>
void CheckForm(NormalizeKernel::Planar<T> NormalizeKernel::* planar,
               NormalizeKernel::Interleaved<T> NormalizeKernel::* interleaved, SimdLevel level,
               const uint8_t* rgb, int width, const NormalizeTable& table, const char* form) {
  const NormalizeKernel& kernel = NormalizeKernelFor(level);
  const std::string what = std::string("normalize ") + SimdName(level) + " width " +
                           std::to_string(width) + " as " + form;
  Planes<T> planes(width), expected_planes(width);
  (kernel.*planar)(rgb, width, table, planes.pointer);
  (kNormalizePortable.*planar)(rgb, width, table, expected_planes.pointer);
  EXPECT_TRUE(planes.Equals(expected_planes, width)) << what << " in planes";
  Interleaved<T> mixed(width), expected_mixed(width);
  (kernel.*interleaved)(rgb, width, table, mixed.values.get());
  (kNormalizePortable.*interleaved)(rgb, width, table, expected_mixed.values.get());
  EXPECT_TRUE(mixed.Equals(expected_mixed, width)) << what << " interleaved";
}

void CheckRow(SimdLevel level, const uint8_t* rgb, int width, const ValueFormula& formula) {
  using Kernel = NormalizeKernel;
  const auto table = [&](DataType type) { return MakeNormalizeTable(formula, type); };
  CheckForm(&Kernel::planar_single, &Kernel::interleaved_single, level, rgb, width,
            table(DataType::kFloat32), "float32");
  CheckForm(&Kernel::planar_half, &Kernel::interleaved_half, level, rgb, width,
            table(DataType::kFloat16), "float16");
  CheckForm(&Kernel::planar_bfloat16, &Kernel::interleaved_bfloat16, level, rgb, width,
            table(DataType::kBfloat16), "bfloat16");
  CheckForm(&Kernel::planar_bytes, &Kernel::interleaved_bytes, level, rgb, width,
            table(DataType::kUint8), "bytes");
  for (int zero_point : {-128, 0, 3}) {
    ValueFormula quantized = formula;
    quantized.quant_scale = 0.0186f;
    quantized.quant_zero_point = zero_point;
    CheckForm(&Kernel::planar_quantized, &Kernel::interleaved_quantized, level, rgb, width,
              MakeNormalizeTable(quantized, DataType::kInt8), "int8");
    quantized.quant_zero_point += 128;
    CheckForm(&Kernel::planar_quantized, &Kernel::interleaved_quantized, level, rgb, width,
              MakeNormalizeTable(quantized, DataType::kUint8), "quantised uint8");
  }
}

// Two rows by the public class, which may fall back to the table but must equal it.
void CheckNormalizer(SimdLevel level, const ValueFormula& formula, Channels channels, int width,
                     Random* random) {
  constexpr int kRows = 2;
  const size_t row = 3 * static_cast<size_t>(width);
  for (DataType type : kTypes) {
    for (Layout layout : {Layout::kNchw, Layout::kNhwc}) {
      const Normalizer actual(formula, type, layout, channels, width, kRows, level);
      const Normalizer expected(formula, type, layout, channels, width, kRows,
                                SimdLevel::kPortable);
      const size_t bytes = actual.slot_bytes();
      const std::unique_ptr<uint8_t[]> slot(new uint8_t[bytes]);
      const std::unique_ptr<uint8_t[]> expected_slot(new uint8_t[bytes]);
      for (int y = 0; y < kRows; ++y) {
        const std::unique_ptr<uint8_t[]> rgb = random->Bytes(row + kReadSlack);
        const std::vector<uint8_t> same(rgb.get(), rgb.get() + row + kReadSlack);
        actual.Row(rgb.get(), y, slot.get());
        std::copy(same.begin(), same.end(), rgb.get());
        expected.Row(rgb.get(), y, expected_slot.get());
      }
      EXPECT_TRUE(std::memcmp(slot.get(), expected_slot.get(), bytes) == 0)
          << "Normalizer " << SimdName(level) << " width " << width << " type "
          << static_cast<int>(type);
    }
  }
}

class NormalizeTest : public LevelTest {};
INSTANTIATE_TEST_SUITE_P(Levels, NormalizeTest, testing::ValuesIn(VectorLevels()), LevelName);

TEST_P(NormalizeTest, RowsOfEveryWidthEqualPortable) {
  Random random(3);
  for (const ValueFormula& formula : kUsual) {
    for (int width = 1; width <= 224; width += width < 70 ? 1 : 154) {
      const size_t row = 3 * static_cast<size_t>(width);
      CheckRow(level(), random.Bytes(row + kReadSlack).get(), width, formula);
    }
  }
}

TEST_P(NormalizeTest, EveryPixelValueEqualsPortable) {
  Random random(4);
  for (const ValueFormula& formula : kUsual) {
    std::unique_ptr<uint8_t[]> inputs = random.Bytes(3 * 256 + kReadSlack);
    for (size_t i = 0; i < 3 * 256; ++i) inputs[i] = static_cast<uint8_t>(i / 3);
    CheckRow(level(), inputs.get(), 256, formula);
  }
}

TEST_P(NormalizeTest, RandomMeansEqualPortable) {
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    ValueFormula formula = Scaled(0, 0, 0, 1, 1, 1);
    for (double& mean : formula.mean) mean = random.Real(-1, 2);
    for (double& std : formula.std) std = random.Scale(1e-3, 1e3);
    if (i % 2 == 1) formula.arithmetic = Arithmetic::kProduct;
    if (i % 3 == 1) formula.divisor = random.Real(0.5, 300);
    if (i % 4 == 1) {
      formula.quant_scale = static_cast<float>(random.Scale(1e-6, 1e2));
      formula.quant_zero_point = random.Between(0, 127);
    }
    CheckNormalizer(level(), formula, Channels::kRgb, random.Between(1, 70), &random);
  }
}

TEST_P(NormalizeTest, OtherFormulasAndChannelsEqualPortable) {
  Random random(6);
  for (Channels channels : {Channels::kRgb, Channels::kBgr, Channels::kGray}) {
    for (const ValueFormula& formula : kUsual) {
      CheckNormalizer(level(), formula, channels, random.Between(1, 70), &random);
    }
    for (const ValueFormula& formula : kOthers) {
      CheckNormalizer(level(), formula, channels, random.Between(1, 70), &random);
    }
  }
}

TEST_P(NormalizeTest, RowsMadeInTheirPlacesEqualCopies) {
  constexpr int kRows = 9;
  Random random(7);
  for (int width = 1; width <= 90; ++width) {
    const Normalizer normalizer(kUsual[2], DataType::kUint8, Layout::kNhwc, Channels::kRgb, width,
                                kRows, level());
    const size_t row = 3 * static_cast<size_t>(width);
    const size_t bytes = normalizer.slot_bytes();
    const std::unique_ptr<uint8_t[]> slot(new uint8_t[bytes]);
    const std::unique_ptr<uint8_t[]> expected(new uint8_t[bytes]);
    size_t in_place = 0;
    for (int y = 0; y < kRows; ++y) {
      const std::unique_ptr<uint8_t[]> rgb = random.Bytes(row + kReadSlack);
      uint8_t* const begin = slot.get() + row * static_cast<size_t>(y);
      std::copy_n(rgb.get(), row, expected.get() + row * static_cast<size_t>(y));
      uint8_t* const place = normalizer.PlaceOf(y, slot.get());
      if (place == nullptr) {
        normalizer.Row(rgb.get(), y, slot.get());
        continue;
      }
      ++in_place;
      ASSERT_EQ(place, begin);
      ASSERT_LE(place + row + kReadSlack, slot.get() + bytes);
      std::copy_n(rgb.get(), row + kReadSlack, place);
    }
    EXPECT_EQ(in_place, row * kRows < row + kReadSlack ? 0 : (bytes - kReadSlack) / row);
    EXPECT_TRUE(std::memcmp(slot.get(), expected.get(), bytes) == 0) << "width " << width;
  }
}

TEST_P(NormalizeTest, RowsThatChangeAreNotMadeInTheirPlaces) {
  uint8_t slot[3 * 64 * 64 * sizeof(float)];
  const auto place = [&](const ValueFormula& formula, DataType type, Layout layout,
                         Channels channels) {
    return Normalizer(formula, type, layout, channels, 64, 64, level()).PlaceOf(0, slot);
  };
  EXPECT_EQ(place(kUsual[2], DataType::kUint8, Layout::kNhwc, Channels::kRgb), slot);
  EXPECT_EQ(place(kUsual[2], DataType::kUint8, Layout::kNchw, Channels::kRgb), nullptr);
  EXPECT_EQ(place(kUsual[2], DataType::kUint8, Layout::kNhwc, Channels::kBgr), nullptr);
  EXPECT_EQ(place(kUsual[2], DataType::kUint8, Layout::kNhwc, Channels::kGray), nullptr);
  EXPECT_EQ(place(kUsual[2], DataType::kInt8, Layout::kNhwc, Channels::kRgb), nullptr);
  EXPECT_EQ(place(kUsual[2], DataType::kFloat32, Layout::kNhwc, Channels::kRgb), nullptr);
  EXPECT_EQ(place(kOthers[2], DataType::kUint8, Layout::kNhwc, Channels::kRgb), nullptr);
}

}  // namespace
}  // namespace regcore
