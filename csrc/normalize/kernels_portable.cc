#include "normalize/float_rows-inl.h"
#include "normalize/kernels.h"

namespace regcore {
namespace {

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

void PlanarBytes(const uint8_t* rgb, int width, const NormalizeTable& table,
                 uint8_t* const out[3]) {
  PlanarByTable(rgb, width, table.bytes, out);
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

void InterleavedBytes(const uint8_t* rgb, int width, const NormalizeTable& table, uint8_t* out) {
  InterleavedByTable(rgb, width, table.bytes, out);
}

struct Portable {};

}  // namespace

const NormalizeKernel kNormalizePortable = {
    PlanarSingle,      PlanarHalf,      PlanarHalf,      PlanarBytes,      PlanarBytes,
    InterleavedSingle, InterleavedHalf, InterleavedHalf, InterleavedBytes, InterleavedBytes};

const FloatRowKernel kFloatRowsPortable = FloatRows<Portable>::Make();

}  // namespace regcore
