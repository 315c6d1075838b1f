#include "jpeg/baseline/baseline_decoder.h"

#include <algorithm>
#include <cstring>

namespace regcore {
namespace {

// MCUs whose coefficients are held at a time: so few that these stay in the L1 cache, beside the
// tables of the codes. Those of a row of the wider pictures do not.
constexpr int kMcusAtOnce = 8;
static_assert(kMcusAtOnce % kMaxGroup == 0);

bool StepsFit(const uint16_t* steps) {
  return std::all_of(steps, steps + 64, [](uint16_t step) { return step <= kLargestStep; });
}

}  // namespace

// What of the image is decoded.
struct BaselineDecoder::Part {
  Part(const ScanHeader& header, const Rect& area) : scan(header), wanted(area) {
    // Fancy upsampling makes a pixel of its own sample of chroma and the one that is nearest, which
    // is that of the pixel beside it or of itself.
    const int spare_x = scan.component[0].blocks_across > 1 ? 1 : 0;
    const int spare_y = scan.component[0].blocks_down > 1 ? 1 : 0;
    first_mcu = std::max(0, wanted.left - spare_x) / scan.mcu_width();
    last_mcu = std::min(scan.mcus_across(),
                        RoundUp(wanted.right + spare_x, scan.mcu_width()) / scan.mcu_width());
    first_row = std::max(0, wanted.top - spare_y) / scan.mcu_height();
    last_row = std::min(scan.mcus_down(),
                        RoundUp(wanted.bottom + spare_y, scan.mcu_height()) / scan.mcu_height());
    view.area = wanted;
    view.area.left = first_mcu * scan.mcu_width();
    view.area.right = std::min(scan.width, last_mcu * scan.mcu_width());
    view.stride = 3 * static_cast<ptrdiff_t>(view.area.width());
  }

  int mcus() const { return last_mcu - first_mcu; }

  const ScanHeader& scan;
  Rect wanted;
  int first_mcu, last_mcu;  // in each row of MCUs, the last one excluded
  int first_row, last_row;  // of MCUs, the last one excluded
  RgbView view;
  uint8_t* pixels = nullptr;      // of the view
  const uint8_t* rows = nullptr;  // a byte for each wanted row; 0: nobody reads it
};

bool BaselineDecoder::Takes(const ScanHeader& scan) {
  for (int c = 0; c < scan.components; ++c) {
    if (!StepsFit(scan.component[c].quantization)) return false;
  }
  const int across = scan.component[0].blocks_across;
  const int down = scan.component[0].blocks_down;
  if (across < down || across > 2) return false;  // not 4:4:0
  // libjpeg does not smooth narrower ones.
  return across == 1 || scan.width > 4;
}

size_t BaselineDecoder::BytesFor(const ScanHeader& scan) {
  return McuReader::BytesFor(scan, kMcusAtOnce) + Coefficients::BytesFor(scan, kMcusAtOnce) +
         SampleRows::BytesFor(scan, scan.mcus_across());
}

size_t BaselineDecoder::capacity() const {
  return reader_.capacity() + coefficients_.capacity() + samples_.capacity();
}

void BaselineDecoder::Release() {
  reader_.Release();
  coefficients_.Release();
  samples_.Release();
}

// Reads the next `count` MCUs and makes samples of them, from MCU `first` of the part's row on.
bool BaselineDecoder::DecodeMcus(const ScanHeader& scan, int first, int count) {
  if (!reader_.Read(count)) return false;
  bool in_range = true;
  for (int c = 0; c < scan.components; ++c) {
    const ScanComponent& component = scan.component[c];
    const int16_t* steps = reinterpret_cast<const int16_t*>(component.quantization);
    const int left = 8 * component.blocks_across * first;
    for (int down = 0; down < component.blocks_down; ++down) {
      in_range &= kernels_.inverse_dct(coefficients_.Row(c, down), coefficients_.groups(c, count),
                                       steps, samples_.Row(c, 8 * down) + left, samples_.stride());
    }
  }
  return in_range;
}

// Reads one row of MCUs and makes samples of it.
bool BaselineDecoder::DecodeMcuRow(const Part& part, int mcu_row) {
  const ScanHeader& scan = part.scan;
  if (!reader_.Skip(part.first_mcu)) return false;
  for (int first = 0; first < part.mcus(); first += kMcusAtOnce) {
    if (!DecodeMcus(scan, first, std::min(kMcusAtOnce, part.mcus() - first))) return false;
  }
  if (scan.component[0].blocks_across > 1) ExtendChroma(part, mcu_row);
  return reader_.Skip(scan.mcus_across() - part.last_mcu);
}

// At its sides and at its top and bottom the chroma plane goes on as it ends.
void BaselineDecoder::ExtendChroma(const Part& part, int mcu_row) {
  const ScanHeader& scan = part.scan;
  for (int c = 1; c < scan.components; ++c) {
    const int width = (scan.width + 1) / 2 - part.first_mcu * 8;
    const int height = (scan.height + 1) / 2 - mcu_row * 8;
    for (int row = 0; row < 8; ++row) {
      uint8_t* samples = samples_.Row(c, row);
      samples[-1] = samples[0];
      if (part.last_mcu == scan.mcus_across()) samples[width] = samples[width - 1];
    }
    const auto repeat = [&](int from, int to) {
      std::memcpy(samples_.Row(c, to) - 1, samples_.Row(c, from) - 1,
                  static_cast<size_t>(samples_.stride()));
    };
    if (mcu_row == 0) repeat(0, -1);
    if (mcu_row == scan.mcus_down() - 1 && scan.component[0].blocks_down > 1) {
      repeat(height - 1, height);
    }
  }
}

void BaselineDecoder::WriteRow(const Part& part, int y, const uint8_t* luma, const uint8_t* cb,
                               const uint8_t* cr) {
  kernels_.ycc_to_rgb(luma, cb, cr, static_cast<size_t>(part.view.area.width()),
                      part.pixels + (y - part.view.area.top) * part.view.stride);
}

// Makes pixels of the samples of a row of MCUs, as far as they are wanted. Where chroma is
// subsampled vertically, the last row waits for the chroma of the MCUs below.
void BaselineDecoder::WriteRows(const Part& part, int mcu_row) {
  const ScanHeader& scan = part.scan;
  const int height = scan.mcu_height();
  const bool subsampled_down = scan.component[0].blocks_down > 1;
  const bool last = mcu_row == scan.mcus_down() - 1;
  const int first_y = mcu_row * height;
  const int begin = std::max(part.wanted.top - first_y, subsampled_down ? -1 : 0);
  const int end =
      std::min(part.wanted.bottom - first_y, subsampled_down && !last ? height - 1 : height);
  const size_t count = static_cast<size_t>(part.mcus()) * 8;
  for (int row = begin; row < end; ++row) {
    if (part.rows != nullptr && part.rows[first_y + row - part.wanted.top] == 0) continue;
    const uint8_t* chroma[2] = {samples_.Upsampled(0), samples_.Upsampled(1)};
    for (int c = 1; c < scan.components; ++c) {
      uint8_t* upsampled = samples_.Upsampled(c - 1);
      if (subsampled_down) {
        const int nearest = (row + 2) / 2 - 1;
        kernels_.upsample_h2v2(samples_.Row(c, nearest),
                               samples_.Row(c, nearest + (row % 2 == 0 ? -1 : 1)), count,
                               upsampled);
      } else if (scan.component[0].blocks_across > 1) {
        kernels_.upsample_h2v1(samples_.Row(c, row), count, upsampled);
      } else {
        chroma[c - 1] = samples_.Row(c, row);
      }
    }
    WriteRow(part, first_y + row, samples_.Row(0, row), chroma[0], chroma[1]);
  }
}

Status BaselineDecoder::Decode(const ScanHeader& scan, const Rect& wanted, const uint8_t* rows,
                               bool check_rest, AlignedBuffer* pixels, RgbView* view,
                               bool* decoded) {
  *decoded = false;
  Part part(scan, wanted);
  part.rows = rows;
  const int64_t bytes = part.view.stride * wanted.height();
  REGCORE_RETURN_IF_ERROR(pixels->Reserve(static_cast<size_t>(bytes) + kPixelSlack));
  REGCORE_RETURN_IF_ERROR(coefficients_.Prepare(scan, kMcusAtOnce, kernels_.group));
  REGCORE_RETURN_IF_ERROR(samples_.Prepare(scan, part.mcus()));
  part.pixels = pixels->data();
  part.view.data = pixels->data();
  bool readable = false;
  REGCORE_RETURN_IF_ERROR(reader_.Open(scan, kMcusAtOnce, coefficients_, &readable));
  if (!readable) return {};
  for (int row = 0; row < part.first_row; ++row) {
    if (!reader_.Skip(scan.mcus_across())) return {};
  }
  for (int row = part.first_row; row < part.last_row; ++row) {
    if (!DecodeMcuRow(part, row)) return {};
    WriteRows(part, row);
    samples_.Advance(scan);
  }
  if (check_rest) {
    for (int row = part.last_row; row < scan.mcus_down(); ++row) {
      if (!reader_.Skip(scan.mcus_across())) return {};
    }
  }
  const bool all_read = check_rest || part.last_row == scan.mcus_down();
  *decoded = all_read ? reader_.AtEndOfImage() : reader_.ReachesEndOfImage();
  *view = part.view;
  return {};
}

}  // namespace regcore
