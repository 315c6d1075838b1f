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
constexpr ValueFormula kUsual[] = {Scaled(0.485f, 0.456f, 0.406f, 0.229f, 0.224f, 0.225f),
                                   Scaled(0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f),
                                   Scaled(0, 0, 0, 1, 1, 1)};

// And not these.
constexpr ValueFormula kOthers[] = {
    {1, {103.939f, 116.779f, 123.68f}, {1, 1, 1}, {1, 1, 1}, 0, 0, Arithmetic::kFloat32},
    {127.5f, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, 0, 0, Arithmetic::kFloat32},
    {255,
     {0.485f, 0.456f, 0.406f},
     {0.5f, 0.4f, 0.3f},
     {0.5f, 0.4f, 0.3f},
     0,
     0,
     Arithmetic::kFloat32},
    {255, {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}, {1, 1, 1}, 0.0078125f, 3, Arithmetic::kFloat32},
    {255, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, {1, 1, 1}, 0, 0, Arithmetic::kProduct},
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

void CheckRow(SimdLevel level, const uint8_t* rgb, int width, const NormalizeTable& table) {
  const NormalizeKernel& kernel = NormalizeKernelFor(level);
  const NormalizeKernel& portable = kNormalizePortable;
  const std::string what =
      std::string("normalize ") + SimdName(level) + " width " + std::to_string(width) + " as ";
  Planes<float> single(width), expected_single(width);
  kernel.planar_single(rgb, width, table, single.pointer);
  portable.planar_single(rgb, width, table, expected_single.pointer);
  EXPECT_TRUE(single.Equals(expected_single, width)) << what << "float32 planes";
  Planes<uint16_t> half(width), expected_half(width);
  kernel.planar_half(rgb, width, table, half.pointer);
  portable.planar_half(rgb, width, table, expected_half.pointer);
  EXPECT_TRUE(half.Equals(expected_half, width)) << what << "float16 planes";
  Planes<uint8_t> bytes(width), expected_bytes(width);
  kernel.planar_bytes(rgb, width, table, bytes.pointer);
  portable.planar_bytes(rgb, width, table, expected_bytes.pointer);
  EXPECT_TRUE(bytes.Equals(expected_bytes, width)) << what << "planes of bytes";
  Interleaved<float> mixed(width), expected_mixed(width);
  kernel.interleaved_single(rgb, width, table, mixed.values.get());
  portable.interleaved_single(rgb, width, table, expected_mixed.values.get());
  EXPECT_TRUE(mixed.Equals(expected_mixed, width)) << what << "float32 interleaved";
  Interleaved<uint16_t> mixed_half(width), expected_mixed_half(width);
  kernel.interleaved_half(rgb, width, table, mixed_half.values.get());
  portable.interleaved_half(rgb, width, table, expected_mixed_half.values.get());
  EXPECT_TRUE(mixed_half.Equals(expected_mixed_half, width)) << what << "float16 interleaved";
  Interleaved<uint8_t> mixed_bytes(width), expected_mixed_bytes(width);
  kernel.interleaved_bytes(rgb, width, table, mixed_bytes.values.get());
  portable.interleaved_bytes(rgb, width, table, expected_mixed_bytes.values.get());
  EXPECT_TRUE(mixed_bytes.Equals(expected_mixed_bytes, width)) << what << "bytes interleaved";
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
    const NormalizeTable table = MakeNormalizeTable(formula, DataType::kFloat16);
    for (int width = 1; width <= 224; width += width < 70 ? 1 : 154) {
      const size_t row = 3 * static_cast<size_t>(width);
      CheckRow(level(), random.Bytes(row + kReadSlack).get(), width, table);
    }
  }
}

TEST_P(NormalizeTest, EveryPixelValueEqualsPortable) {
  Random random(4);
  for (const ValueFormula& formula : kUsual) {
    const NormalizeTable table = MakeNormalizeTable(formula, DataType::kFloat16);
    std::unique_ptr<uint8_t[]> inputs = random.Bytes(3 * 256 + kReadSlack);
    for (size_t i = 0; i < 3 * 256; ++i) inputs[i] = static_cast<uint8_t>(i / 3);
    CheckRow(level(), inputs.get(), 256, table);
  }
}

TEST_P(NormalizeTest, RandomMeansEqualPortable) {
  Random random(5);
  for (int i = 0; i < 60; ++i) {
    ValueFormula formula = Scaled(0, 0, 0, 1, 1, 1);
    for (double& mean : formula.mean) mean = random.Real(-1, 2);
    for (double& std : formula.std) std = random.Scale(1e-3, 1e3);
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
  EXPECT_EQ(place(kOthers[3], DataType::kUint8, Layout::kNhwc, Channels::kRgb), nullptr);
}

}  // namespace
}  // namespace regcore
