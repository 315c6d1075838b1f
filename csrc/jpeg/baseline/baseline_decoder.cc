#include "jpeg/baseline/baseline_decoder.h"

#include <algorithm>

namespace regcore {
namespace {

// MCUs whose coefficients are held at a time: so few that these stay in the L1 cache, beside the
// tables of the codes. Those of a row of the wider pictures do not.
constexpr int kMcusAtOnce = 8;
static_assert(kMcusAtOnce % kMaxGroup == 0);

}  // namespace

size_t BaselineDecoder::BytesFor(const ScanHeader& scan) {
  return McuReader::BytesFor(scan, kMcusAtOnce) +
         Coefficients::BytesFor(scan.frame, kMcusAtOnce, 1) + Reconstruction::BytesFor(scan.frame);
}

size_t BaselineDecoder::capacity() const {
  return reader_.capacity() + coefficients_.capacity() + reconstruction_.capacity();
}

void BaselineDecoder::Release() {
  reader_.Release();
  coefficients_.Release();
  reconstruction_.Release();
}

// Reads one row of MCUs and makes pixels of it.
bool BaselineDecoder::DecodeMcuRow(const FrameHeader& frame, int mcu_row) {
  const McuArea& area = reconstruction_.area();
  if (!reader_.Skip(area.first_mcu)) return false;
  for (int first = 0; first < area.mcus(); first += kMcusAtOnce) {
    const int count = std::min(kMcusAtOnce, area.mcus() - first);
    if (!reader_.Read(count)) return false;
    if (!reconstruction_.Transform(coefficients_, 0, first, count)) return false;
  }
  if (!reader_.Skip(frame.mcus_across() - area.last_mcu)) return false;
  reconstruction_.FinishRow(mcu_row);
  return true;
}

Status BaselineDecoder::Decode(const ScanHeader& scan, const Rect& wanted, const uint8_t* rows,
                               bool check_rest, AlignedBuffer* pixels, RgbView* view,
                               bool* decoded) {
  *decoded = false;
  const FrameHeader& frame = scan.frame;
  REGCORE_RETURN_IF_ERROR(reconstruction_.Start(frame, wanted, rows, pixels));
  REGCORE_RETURN_IF_ERROR(coefficients_.Prepare(frame, kMcusAtOnce, 1, reconstruction_.group()));
  bool readable = false;
  REGCORE_RETURN_IF_ERROR(reader_.Open(scan, kMcusAtOnce, coefficients_, check_rest, &readable));
  if (!readable) return {};
  const McuArea& area = reconstruction_.area();
  for (int row = 0; row < area.first_row; ++row) {
    if (!reader_.Skip(frame.mcus_across())) return {};
  }
  for (int row = area.first_row; row < area.last_row; ++row) {
    if (!DecodeMcuRow(frame, row)) return {};
  }
  if (check_rest) {
    for (int row = area.last_row; row < frame.mcus_down(); ++row) {
      if (!reader_.Skip(frame.mcus_across())) return {};
    }
  }
  const bool all_read = check_rest || area.last_row == frame.mcus_down();
  *decoded = all_read ? reader_.AtEndOfImage() : reader_.ReachesEndOfImage();
  *view = reconstruction_.view();
  return {};
}

}  // namespace regcore
