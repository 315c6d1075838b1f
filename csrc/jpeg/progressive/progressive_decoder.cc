#include "jpeg/progressive/progressive_decoder.h"

#include "jpeg/progressive/kept_blocks.h"
#include "jpeg/progressive/progression.h"

namespace regcore {
namespace {

// libjpeg refuses sums of first coefficients of more than 32 bits, which so few blocks do not
// reach.
bool SumsFit(const FrameHeader& frame) {
  const FrameComponent& component = frame.component[0];
  const int64_t across = int64_t{frame.mcus_across()} * component.blocks_across;
  return across * frame.mcus_down() * component.blocks_down <=
         (int64_t{1} << 31) / (kLargestDc + 1);
}

}  // namespace

size_t ProgressiveDecoder::BytesFor(const ProgressiveHeader& header) {
  const FrameHeader& frame = header.frame;
  return ScanReader::BytesFor(frame, header.size) +
         Coefficients::BytesFor(frame, frame.mcus_across(), frame.mcus_down()) +
         Reconstruction::BytesFor(frame);
}

size_t ProgressiveDecoder::capacity() const {
  return reader_.capacity() + coefficients_.capacity() + reconstruction_.capacity();
}

void ProgressiveDecoder::Release() {
  reader_.Release();
  coefficients_.Release();
  reconstruction_.Release();
}

// Reads all scans; `complete` if each is sound, and none is missing.
Status ProgressiveDecoder::ReadScans(const ProgressiveHeader& header, bool* complete) {
  *complete = false;
  Progression progression;
  scans_.Start(header);
  auto step = ScanSequence::Step::kScan;
  while (step == ScanSequence::Step::kScan) {
    bool sound = false;
    if (!progression.Take(scans_.scan())) return {};
    REGCORE_RETURN_IF_ERROR(reader_.Read(scans_, &sound));
    if (!sound) return {};
    step = scans_.Next(reader_.marker(), reader_.rest());
  }
  *complete =
      step == ScanSequence::Step::kEndOfImage && progression.IsComplete(header.frame.components);
  return {};
}

Status ProgressiveDecoder::Decode(const ProgressiveHeader& header, const Rect& wanted,
                                  const uint8_t* rows, bool check_rest, AlignedBuffer* pixels,
                                  RgbView* view, bool* decoded) {
  *decoded = false;
  const FrameHeader& frame = header.frame;
  REGCORE_RETURN_IF_ERROR(reconstruction_.Start(frame, wanted, rows, pixels));
  const McuArea& area = reconstruction_.area();
  REGCORE_RETURN_IF_ERROR(
      coefficients_.Prepare(frame, area.mcus(), area.rows(), reconstruction_.group()));
  REGCORE_RETURN_IF_ERROR(
      reader_.Start(frame, KeptBlocks(frame, area, coefficients_), check_rest || !SumsFit(frame)));
  bool complete = false;
  REGCORE_RETURN_IF_ERROR(ReadScans(header, &complete));
  if (!complete) return {};
  for (int row = 0; row < area.rows(); ++row) {
    if (!reconstruction_.Transform(coefficients_, row, 0, area.mcus())) return {};
    reconstruction_.FinishRow(area.first_row + row);
  }
  *view = reconstruction_.view();
  *decoded = true;
  return {};
}

}  // namespace regcore
