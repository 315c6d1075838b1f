#include "normalize/normalize.h"

#include <cstring>
#include <utility>

#include "base/aligned_buffer.h"
#include "normalize/value.h"

namespace regcore {
namespace {

constexpr int kInputs = 256;

// What a kernel makes of one row, interleaved and as planes that lie one after the other.
template <typename T>
struct Rows {
  T interleaved[3 * kInputs];
  T planes[3 * kInputs];

  bool operator==(const Rows& other) const {
    return std::memcmp(interleaved, other.interleaved, sizeof(interleaved)) == 0 &&
           std::memcmp(planes, other.planes, sizeof(planes)) == 0;
  }
};

template <typename T>
Rows<T> RowsBy(void (*interleaved)(const uint8_t*, int, const NormalizeTable&, T*),
               void (*planar)(const uint8_t*, int, const NormalizeTable&, T* const[3]),
               const NormalizeTable& table) {
  uint8_t rgb[3 * kInputs + kReadSlack] = {};
  for (int i = 0; i < 3 * kInputs; ++i) rgb[i] = static_cast<uint8_t>(i / 3);
  Rows<T> rows;
  interleaved(rgb, kInputs, table, rows.interleaved);
  T* const planes[3] = {rows.planes, rows.planes + kInputs, rows.planes + 2 * kInputs};
  planar(rgb, kInputs, table, planes);
  return rows;
}

// The vector kernels compute instead of looking up. That is exact for ordinary means and standard
// deviations; this is the proof for the ones at hand: all 256 inputs of every channel.
bool EqualsTable(const NormalizeKernel& kernel, const NormalizeTable& table, ResultForm form) {
  const NormalizeKernel& twin = kNormalizePortable;
  switch (form) {
    case ResultForm::kSingle:
      return RowsBy(kernel.interleaved_single, kernel.planar_single, table) ==
             RowsBy(twin.interleaved_single, twin.planar_single, table);
    case ResultForm::kHalf:
      return RowsBy(kernel.interleaved_half, kernel.planar_half, table) ==
             RowsBy(twin.interleaved_half, twin.planar_half, table);
    case ResultForm::kBfloat16:
      return RowsBy(kernel.interleaved_bfloat16, kernel.planar_bfloat16, table) ==
             RowsBy(twin.interleaved_bfloat16, twin.planar_bfloat16, table);
    case ResultForm::kQuantized:
      return RowsBy(kernel.interleaved_quantized, kernel.planar_quantized, table) ==
             RowsBy(twin.interleaved_quantized, twin.planar_quantized, table);
    case ResultForm::kBytes:
      break;
  }
  return RowsBy(kernel.interleaved_bytes, kernel.planar_bytes, table) ==
         RowsBy(twin.interleaved_bytes, twin.planar_bytes, table);
}

ResultForm FormOf(DataType type, const ValueFormula& formula) {
  switch (type) {
    case DataType::kFloat32:
      return ResultForm::kSingle;
    case DataType::kFloat16:
      return ResultForm::kHalf;
    case DataType::kBfloat16:
      return ResultForm::kBfloat16;
    case DataType::kUint8:
    case DataType::kInt8:
      break;
  }
  return formula.quant_scale == 0 ? ResultForm::kBytes : ResultForm::kQuantized;
}

bool KeepsBytes(const NormalizeTable& table, DataType type) {
  if (type != DataType::kUint8) return false;
  for (const auto& values : table.bytes) {
    for (size_t i = 0; i < kInputs; ++i) {
      if (values[i] != i) return false;
    }
  }
  return true;
}

// The planes, or the interleaved values, of the result are in the order blue, green, red; those of
// a row of pixels, which both kinds of kernels read, are not.
ValueFormula InOrderOfRow(ValueFormula formula, Layout layout, Channels channels) {
  if (channels != Channels::kBgr || layout != Layout::kNchw) return formula;
  std::swap(formula.mean[0], formula.mean[2]);
  std::swap(formula.std[0], formula.std[2]);
  std::swap(formula.second_std[0], formula.second_std[2]);
  return formula;
}

}  // namespace

size_t ItemSize(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return 4;
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return 2;
    case DataType::kUint8:
    case DataType::kInt8:
      return 1;
  }
  return 0;
}

Normalizer::Normalizer(const ValueFormula& formula, DataType type, Layout layout, Channels channels,
                       int width, int height, SimdLevel level)
    : formula_(InOrderOfRow(formula, layout, channels)),
      table_(std::make_unique<const NormalizeTable>(MakeNormalizeTable(formula_, type))),
      kernel_(&NormalizeKernelFor(level)),
      float_steps_(FloatStepsOf(formula_)),
      float_kernel_(&FloatRowKernelFor(level)),
      type_(type),
      form_(FormOf(type, formula)),
      layout_(layout),
      channels_(channels),
      width_(width),
      height_(height),
      copies_(layout == Layout::kNhwc && channels == Channels::kRgb && KeepsBytes(*table_, type)) {
  if (!EqualsTable(*kernel_, *table_, form_)) kernel_ = &kNormalizePortable;
}

size_t Normalizer::slot_bytes() const {
  const size_t count = channels_ == Channels::kGray ? 1 : 3;
  return count * static_cast<size_t>(width_) * static_cast<size_t>(height_) * ItemSize(type_);
}

template <typename T>
std::array<T*, 3> Normalizer::Planes(int y, void* slot) const {
  const size_t plane = static_cast<size_t>(width_) * static_cast<size_t>(height_);
  T* first = static_cast<T*>(slot) + static_cast<size_t>(y) * static_cast<size_t>(width_);
  if (channels_ == Channels::kBgr) return {first + 2 * plane, first + plane, first};
  return {first, first + plane, first + 2 * plane};
}

template <typename T>
void Normalizer::GrayRow(const uint8_t* rgb, int y, const T (&values)[256], void* slot) const {
  T* out = static_cast<T*>(slot) + static_cast<size_t>(y) * static_cast<size_t>(width_);
  for (int x = 0; x < width_; ++x) out[x] = values[rgb[3 * x]];
}

void Normalizer::Row(uint8_t* rgb, int y, void* slot) const {
  if (channels_ == Channels::kGray) {
    const size_t item = ItemSize(type_);
    if (item == 4) return GrayRow(rgb, y, table_->single[0], slot);
    if (item == 2) return GrayRow(rgb, y, table_->half[0], slot);
    return GrayRow(rgb, y, table_->bytes[0], slot);
  }
  if (layout_ == Layout::kNchw) return PlanarRow(rgb, y, slot);
  if (channels_ == Channels::kBgr) {
    for (int x = 0; x < width_; ++x) std::swap(rgb[3 * x], rgb[3 * x + 2]);
  }
  InterleavedRow(rgb, y, slot);
}

uint8_t* Normalizer::PlaceOf(int y, void* slot) const {
  if (!copies_) return nullptr;
  const size_t row_bytes = 3 * static_cast<size_t>(width_);
  const size_t begin = row_bytes * static_cast<size_t>(y);
  if (begin + row_bytes + kReadSlack > slot_bytes()) return nullptr;
  return static_cast<uint8_t*>(slot) + begin;
}

void Normalizer::PlanarRow(const uint8_t* rgb, int y, void* slot) const {
  const auto write = [&]<typename T>(NormalizeKernel::Planar<T> kernel) {
    kernel(rgb, width_, *table_, Planes<T>(y, slot).data());
  };
  switch (form_) {
    case ResultForm::kSingle:
      return write(kernel_->planar_single);
    case ResultForm::kHalf:
      return write(kernel_->planar_half);
    case ResultForm::kBfloat16:
      return write(kernel_->planar_bfloat16);
    case ResultForm::kQuantized:
      return write(kernel_->planar_quantized);
    case ResultForm::kBytes:
      return write(kernel_->planar_bytes);
  }
}

void Normalizer::InterleavedRow(const uint8_t* rgb, int y, void* slot) const {
  const size_t offset = 3 * static_cast<size_t>(y) * static_cast<size_t>(width_);
  const auto write = [&]<typename T>(NormalizeKernel::Interleaved<T> kernel) {
    kernel(rgb, width_, *table_, static_cast<T*>(slot) + offset);
  };
  switch (form_) {
    case ResultForm::kSingle:
      return write(kernel_->interleaved_single);
    case ResultForm::kHalf:
      return write(kernel_->interleaved_half);
    case ResultForm::kBfloat16:
      return write(kernel_->interleaved_bfloat16);
    case ResultForm::kQuantized:
      return write(kernel_->interleaved_quantized);
    case ResultForm::kBytes:
      return write(kernel_->interleaved_bytes);
  }
}

// A result is most often in no cache, and stores alone run too little ahead to hide that.
void Normalizer::FetchAhead(int y, void* slot) const {
  constexpr size_t kAhead = 4096;  // bytes, of all planes together
  constexpr size_t kCacheLine = 64;
  const size_t planes = channels_ != Channels::kGray && layout_ == Layout::kNchw ? 3 : 1;
  const size_t plane_bytes = slot_bytes() / planes;
  const size_t row_bytes = plane_bytes / static_cast<size_t>(height_);
  const size_t row = static_cast<size_t>(y) + 1 + kAhead / (planes * row_bytes);
  if (row >= static_cast<size_t>(height_)) return;
  const uint8_t* begin = static_cast<const uint8_t*>(slot) + row * row_bytes;
  for (size_t plane = 0; plane < planes; ++plane, begin += plane_bytes) {
    for (size_t i = 0; i < row_bytes; i += kCacheLine) __builtin_prefetch(begin + i, 1, 2);
  }
}

// The values of the formula instead of those of the picture.
void Normalizer::ComputeFloats(float* rgb) const {
  const int count = 3 * width_;
  if (formula_.arithmetic == Arithmetic::kFloat64) {
    for (int i = 0; i < count; ++i) rgb[i] = ValueOf(formula_, i % 3, rgb[i]);
    return;
  }
  for (const FloatStep& step : float_steps_) float_kernel_->apply(step, count, rgb);
}

template <typename T, typename Convert>
void Normalizer::StoreFloats(const float* rgb, int y, void* slot, const Convert& convert) const {
  const size_t width = static_cast<size_t>(width_);
  const bool planar = layout_ == Layout::kNchw;
  T* const row = static_cast<T*>(slot) + 3 * width * static_cast<size_t>(y);
  const std::array<T*, 3> planes =
      planar ? Planes<T>(y, slot) : std::array<T*, 3>{row, row + 1, row + 2};
  const size_t step = planar ? 1 : 3;
  for (int c = 0; c < 3; ++c) {
    T* out = planes[static_cast<size_t>(c)];
    for (size_t x = 0; x < width; ++x) {
      out[step * x] = convert(rgb[3 * x + static_cast<size_t>(c)]);
    }
  }
}

void Normalizer::FloatRow(float* rgb, int y, void* slot) const {
  if (channels_ == Channels::kBgr && layout_ == Layout::kNhwc) {
    for (int x = 0; x < width_; ++x) std::swap(rgb[3 * x], rgb[3 * x + 2]);
  }
  ComputeFloats(rgb);
  switch (ItemSize(type_)) {
    case 4:
      if (layout_ == Layout::kNchw) {
        return float_kernel_->split(rgb, width_, Planes<float>(y, slot).data());
      }
      std::memcpy(static_cast<float*>(slot) + ptrdiff_t{3} * width_ * y, rgb,
                  3 * sizeof(float) * static_cast<size_t>(width_));
      return;
    case 2:
      return StoreFloats<uint16_t>(rgb, y, slot,
                                   [this](float value) { return HalfOf(type_, value); });
    default:
      return StoreFloats<uint8_t>(
          rgb, y, slot, [this](float value) { return QuantizedOf(formula_, type_, value); });
  }
}

}  // namespace regcore
