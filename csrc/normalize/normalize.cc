// Built without floating-point contraction (see CMakeLists.txt): the reference formula rounds after
// each operation.
#include "normalize/normalize.h"

#include <bit>
#include <cstring>

namespace regcore {
namespace {

// IEEE 754 binary32 → binary16, to nearest, ties to even.
uint16_t HalfFromSingle(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return static_cast<uint16_t>(sign | 0x7E00u);   // NaN
  if (magnitude >= 0x47800000u) return static_cast<uint16_t>(sign | 0x7C00u);  // >= 2^16: infinity
  const auto round = [](uint32_t mantissa, uint32_t shift) {
    const uint32_t half = 1u << (shift - 1);
    const uint32_t odd = (mantissa >> shift) & 1u;
    return (mantissa + half - 1u + odd) >> shift;
  };
  if (magnitude < 0x38800000u) {  // below 2^-14: subnormal, in units of 2^-24
    const uint32_t exponent = magnitude >> 23;
    if (exponent < 102) return static_cast<uint16_t>(sign);  // below 2^-25: zero
    const uint32_t mantissa = (magnitude & 0x7FFFFFu) | 0x800000u;
    return static_cast<uint16_t>(sign | round(mantissa, 126 - exponent));
  }
  return static_cast<uint16_t>(sign | round(magnitude - 0x38000000u, 13));  // may carry to infinity
}

template <typename T>
void PlanarByTable(const uint8_t* rgb, int width, const T table[3][256], T* const out[3]) {
  for (int x = 0; x < width; ++x) {
    for (int c = 0; c < 3; ++c) out[c][x] = table[c][rgb[3 * x + c]];
  }
}

void PlanarSingle(const uint8_t* rgb, int width, const NormalizeTable& table, float* const out[3]) {
  PlanarByTable(rgb, width, table.single, out);
}

void PlanarHalf(const uint8_t* rgb, int width, const NormalizeTable& table,
                uint16_t* const out[3]) {
  PlanarByTable(rgb, width, table.half, out);
}

void PlanarBytes(const uint8_t* rgb, int width, uint8_t* const out[3]) {
  for (int x = 0; x < width; ++x) {
    for (int c = 0; c < 3; ++c) out[c][x] = rgb[3 * x + c];
  }
}

template <typename T>
void InterleavedByTable(const uint8_t* rgb, int width, const T table[3][256], T* out) {
  for (int x = 0; x < width; ++x) {
    for (int c = 0; c < 3; ++c) *out++ = table[c][*rgb++];
  }
}

void InterleavedSingle(const uint8_t* rgb, int width, const NormalizeTable& table, float* out) {
  InterleavedByTable(rgb, width, table.single, out);
}

void InterleavedHalf(const uint8_t* rgb, int width, const NormalizeTable& table, uint16_t* out) {
  InterleavedByTable(rgb, width, table.half, out);
}

// The vector kernels compute instead of looking up. That is exact for ordinary means and standard
// deviations; this is the proof for the ones at hand: all 256 inputs of every channel.
bool EqualsTable(const NormalizeKernel& kernel, const NormalizeTable& table) {
  constexpr int kInputs = 256;
  uint8_t rgb[3 * kInputs + kReadSlack] = {};
  for (int i = 0; i < 3 * kInputs; ++i) rgb[i] = static_cast<uint8_t>(i / 3);
  float single[3 * kInputs], expected_single[3 * kInputs];
  uint16_t half[3 * kInputs], expected_half[3 * kInputs];
  const auto equal = [&] {
    return std::memcmp(single, expected_single, sizeof(single)) == 0 &&
           std::memcmp(half, expected_half, sizeof(half)) == 0;
  };
  InterleavedSingle(rgb, kInputs, table, expected_single);
  InterleavedHalf(rgb, kInputs, table, expected_half);
  kernel.interleaved_single(rgb, kInputs, table, single);
  kernel.interleaved_half(rgb, kInputs, table, half);
  if (!equal()) return false;
  std::memcpy(expected_single, table.single, sizeof(single));
  std::memcpy(expected_half, table.half, sizeof(half));
  float* const single_planes[3] = {single, single + kInputs, single + 2 * kInputs};
  uint16_t* const half_planes[3] = {half, half + kInputs, half + 2 * kInputs};
  kernel.planar_single(rgb, kInputs, table, single_planes);
  kernel.planar_half(rgb, kInputs, table, half_planes);
  return equal();
}

}  // namespace

size_t ItemSize(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return 4;
    case DataType::kFloat16:
      return 2;
    case DataType::kUint8:
      return 1;
  }
  return 0;
}

const NormalizeKernel& NormalizeKernelFor([[maybe_unused]] SimdLevel level) {
#if defined(REGCORE_X86)
  if (level >= SimdLevel::kAvx512) return kNormalizeAvx512;
  if (level >= SimdLevel::kAvx2) return kNormalizeAvx2;
#elif defined(REGCORE_ARM64)
  if (level >= SimdLevel::kNeon) return kNormalizeNeon;
#endif
  return kNormalizePortable;
}

const NormalizeKernel kNormalizePortable = {PlanarSingle, PlanarHalf, PlanarBytes,
                                            InterleavedSingle, InterleavedHalf};

NormalizeTable MakeNormalizeTable(const float mean[3], const float std[3]) {
  constexpr float kScale = 0x1p24f;
  NormalizeTable table;
  for (int c = 0; c < 3; ++c) {
    for (int u = 0; u < 256; ++u) {
      const float value = (static_cast<float>(u) / 255.0f - mean[c]) / std[c];
      table.single[c][u] = value;
      table.half[c][u] = HalfFromSingle(value);
    }
    const float divisor = kScale * std[c];
    const float high = 1.0f / divisor;
    for (int i = c; i < NormalizeTable::kPeriod; i += 3) {
      table.mean[i] = kScale * mean[c];
      table.high[i] = high;
      table.low[i] = static_cast<float>(1.0 / double{divisor} - double{high});
    }
  }
  return table;
}

Normalizer::Normalizer(const float mean[3], const float std[3], DataType type, Layout layout,
                       int width, int height, SimdLevel level)
    : table_(std::make_unique<const NormalizeTable>(MakeNormalizeTable(mean, std))),
      kernel_(&NormalizeKernelFor(level)),
      type_(type),
      layout_(layout),
      width_(width),
      height_(height) {
  if (kernel_ != &kNormalizePortable && !EqualsTable(*kernel_, *table_)) {
    kernel_ = &kNormalizePortable;
  }
}

size_t Normalizer::slot_bytes() const {
  return 3 * static_cast<size_t>(width_) * static_cast<size_t>(height_) * ItemSize(type_);
}

template <typename T>
std::array<T*, 3> Normalizer::Planes(int y, void* slot) const {
  const size_t plane = static_cast<size_t>(width_) * static_cast<size_t>(height_);
  T* first = static_cast<T*>(slot) + static_cast<size_t>(y) * static_cast<size_t>(width_);
  return {first, first + plane, first + 2 * plane};
}

void Normalizer::Row(const uint8_t* rgb, int y, void* slot) const {
  const size_t row = 3 * static_cast<size_t>(width_);
  const size_t offset = static_cast<size_t>(y) * row;
  const bool planar = layout_ == Layout::kNchw;
  switch (type_) {
    case DataType::kFloat32:
      if (planar)
        return kernel_->planar_single(rgb, width_, *table_, Planes<float>(y, slot).data());
      return kernel_->interleaved_single(rgb, width_, *table_, static_cast<float*>(slot) + offset);
    case DataType::kFloat16:
      if (planar)
        return kernel_->planar_half(rgb, width_, *table_, Planes<uint16_t>(y, slot).data());
      return kernel_->interleaved_half(rgb, width_, *table_, static_cast<uint16_t*>(slot) + offset);
    case DataType::kUint8:
      if (planar) return kernel_->planar_bytes(rgb, width_, Planes<uint8_t>(y, slot).data());
      std::memcpy(static_cast<uint8_t*>(slot) + offset, rgb, row);
  }
}

}  // namespace regcore
