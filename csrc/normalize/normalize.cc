#include "normalize/normalize.h"

#include <cstring>

#include "base/aligned_buffer.h"

namespace regcore {
namespace {

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
  kNormalizePortable.interleaved_single(rgb, kInputs, table, expected_single);
  kNormalizePortable.interleaved_half(rgb, kInputs, table, expected_half);
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
