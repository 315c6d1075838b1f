#include "resample/pick.h"

#include <algorithm>

#include "resample/weights.h"

namespace regcore {
namespace {

constexpr int kTogether = 8;  // pixels that are picked from about one cache line

Status PackPlaces(PackedAxis* axis) {
  const std::vector<int32_t>& start = axis->plan.start;
  axis->blocks.resize(start.size());
  for (size_t x = 0; x < start.size(); ++x) axis->blocks[x] = 3 * start[x];
  return {};
}

size_t IntermediateBytes(int rows, int columns) {
  return static_cast<size_t>(rows) * static_cast<size_t>(columns);
}

size_t BlockBytes(int columns) { return IntermediateBytes(kIntermediateBlockRows, columns); }

void Columns(const PackedAxis& axis, int begin, int end, const PixelView& source,
             uint8_t* intermediate) {
  const int32_t* const places = axis.blocks.data();
  const int count = axis.plan.count;
  // Most often the rows that are read lie as far from each other as the columns.
  const ptrdiff_t next = source.stride * DivideUp(axis.plan.input_size, axis.plan.output_size);
  for (int y = begin; y < end; ++y, intermediate += 3 * count) {
    const uint8_t* const row = source.Row(y) - 3 * ptrdiff_t{source.area.left};
    for (int x = 0; x < count; x += kTogether) {
      __builtin_prefetch(row + places[x] + next, 0, 2);
      PickRow<3>(places + x, std::min(kTogether, count - x), row, /*wide=*/true,
                 intermediate + 3 * x);
    }
  }
}

void Row(const PackedAxis& axis, int row, const uint8_t* intermediate, int skipped, int columns,
         uint8_t* out) {
  const int held = axis.plan.start[static_cast<size_t>(row)] - axis.plan.input_begin() - skipped;
  std::memcpy(out, intermediate + IntermediateBytes(held, columns), static_cast<size_t>(columns));
}

}  // namespace

const ResampleKernel kPick = {PackPlaces, PackNothing, BlockBytes,         IntermediateBytes,
                              Columns,    Row,         /*plain_rows=*/true};

}  // namespace regcore
