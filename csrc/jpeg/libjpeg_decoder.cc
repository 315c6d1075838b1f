#include "jpeg/libjpeg_decoder.h"

#include <algorithm>
#include <cstring>

#include "jpeg/entropy/markers.h"
#include "jpeg/libjpeg_session.h"
#include "jpeg/pixels/inks.h"
#include "jpeg/progressive/progression.h"

namespace regcore {
namespace {

#define REGCORE_STRINGIFY(x) #x
#define REGCORE_TO_STRING(x) REGCORE_STRINGIFY(x)

// Whether scans are missing that would refine the lowest frequencies of a started progressive JPEG.
bool LacksScans(const jpeg_decompress_struct& info) {
  if (!info.progressive_mode || info.coef_bits == nullptr) return false;
  for (int c = 0; c < info.num_components; ++c) {
    const int* const bits = info.coef_bits[c];  // still unknown, -1: all; 0: complete
    if (std::any_of(bits, bits + kSmoothedCoefficients, [](int b) { return b != 0; })) return true;
  }
  return false;
}

constexpr int kInks = 4;

// Rows of inks that are read at a time.
constexpr int kInkRows = 16;

// Grey, YCbCr, RGB, CMYK and YCCK; the rest (two components) is for another decoder.
bool HasKnownColours(const jpeg_decompress_struct& info) {
  const J_COLOR_SPACE colours = info.jpeg_color_space;
  switch (info.num_components) {
    case 1:
      return colours == JCS_GRAYSCALE;
    case 3:
      return colours == JCS_YCbCr || colours == JCS_RGB;
    case kInks:
      return colours == JCS_CMYK || colours == JCS_YCCK;
    default:
      return false;
  }
}

// What libjpeg holds while it decodes, if its header is read. Where the scans are several, these
// are the coefficients of the whole image, int16, in whole MCUs; and always some rows of samples,
// for which 128 bytes per column are plenty, 160 where there are four components. Beside it, the
// inks that are read at a time.
size_t LibraryBytes(LibjpegSession* session) {
  const jpeg_decompress_struct& info = session->info();
  const int per_column = info.num_components == kInks ? 160 + kInks * kInkRows : 128;
  size_t count = static_cast<size_t>(per_column) * static_cast<size_t>(info.image_width);
  if (!session->HasSeveralScans()) return count;
  for (int i = 0; i < info.num_components; ++i) {
    const jpeg_component_info& c = info.comp_info[i];
    const int across = RoundUp(static_cast<int>(c.width_in_blocks), c.h_samp_factor);
    const int down = RoundUp(static_cast<int>(c.height_in_blocks), c.v_samp_factor);
    count += static_cast<size_t>(int64_t{across} * down) * sizeof(JBLOCK);
  }
  return count;
}

// How many scans there may be in a JPEG whose header is read.
size_t CountScans(LibjpegSession* session) {
  if (!session->HasSeveralScans()) return 1;
  return 1 + CountScansAfter(session->unread(), session->end());
}

JpegColours ColoursOf(const jpeg_decompress_struct& info) {
  switch (info.jpeg_color_space) {
    case JCS_GRAYSCALE:
      return JpegColours::kGrey;
    case JCS_RGB:
      return JpegColours::kRgb;
    case JCS_CMYK:
      return JpegColours::kCmyk;
    case JCS_YCCK:
      return JpegColours::kYcck;
    default:
      return JpegColours::kYcc;
  }
}

// The frame of an image of known colours, if FrameHeader can tell all of it.
bool DescribeFrame(const jpeg_decompress_struct& info, FrameHeader* frame) {
  if (info.data_precision != 8) return false;
  frame->width = static_cast<int>(info.image_width);
  frame->height = static_cast<int>(info.image_height);
  frame->components = info.num_components;
  frame->colours = ColoursOf(info);
  for (int c = 0; c < info.num_components; ++c) {
    const jpeg_component_info& from = info.comp_info[c];
    if (from.quant_tbl_no >= NUM_QUANT_TBLS) return false;
    const JQUANT_TBL* steps = info.quant_tbl_ptrs[from.quant_tbl_no];
    if (steps == nullptr) return false;
    FrameComponent& to = frame->component[c];
    to.quantization = steps->quantval;
    const bool alone = info.num_components == 1;  // then an MCU is a block, whatever the factors
    to.blocks_across = alone ? 1 : from.h_samp_factor;
    to.blocks_down = alone ? 1 : from.v_samp_factor;
  }
  return true;
}

HuffmanSpec SpecOf(const JHUFF_TBL* table) {
  return table == nullptr ? HuffmanSpec() : HuffmanSpec{table->bits, table->huffval};
}

// The scan whose header was read last, if its components are in the frame's order.
bool DescribeFirstScan(const jpeg_decompress_struct& info, ProgressiveScan* scan) {
  *scan = {};
  scan->components = info.comps_in_scan;
  scan->first = info.Ss;
  scan->last = info.Se;
  scan->high = info.Ah;
  scan->low = info.Al;
  for (int i = 0; i < info.comps_in_scan; ++i) {
    const jpeg_component_info& from = *info.cur_comp_info[i];
    scan->component[i] = from.component_index;
    if (i > 0 && scan->component[i] <= scan->component[i - 1]) return false;
    scan->dc_table[i] = from.dc_tbl_no;
    scan->ac_table[i] = from.ac_tbl_no;
    if (from.dc_tbl_no >= NUM_HUFF_TBLS || from.ac_tbl_no >= NUM_HUFF_TBLS) return false;
  }
  return true;
}

}  // namespace

bool IsJpeg(const uint8_t* bytes, size_t size) {
  constexpr uint8_t kStart[] = {0xFF, 0xD8, 0xFF};
  return size >= sizeof(kStart) && std::memcmp(bytes, kStart, sizeof(kStart)) == 0;
}

const char* JpegLibraryVersion() { return REGCORE_TO_STRING(LIBJPEG_TURBO_VERSION); }

bool JpegLibraryIsBundled() {
#if defined(REGCORE_STATIC_JPEG)
  return true;
#else
  return false;
#endif
}

LibjpegDecoder::LibjpegDecoder(const DecodeLimits& limits)
    : limits_(limits), session_(std::make_unique<LibjpegSession>()) {}

LibjpegDecoder::~LibjpegDecoder() = default;

void LibjpegDecoder::Release() {
  session_->Close();
  library_bytes_ = 0;
  started_ = false;
}

Status LibjpegDecoder::Open(const uint8_t* bytes, size_t size) {
  if (!IsJpeg(bytes, size)) return {StatusCode::kUnsupported, "not a JPEG"};
  library_bytes_ = 0;
  started_ = false;
  REGCORE_RETURN_IF_ERROR(session_->Open(bytes, size));
  if (!HasKnownColours(session_->info())) {
    return {StatusCode::kUnsupported, "JPEG colours are neither grey, YCbCr, RGB, CMYK nor YCCK"};
  }
  library_bytes_ = LibraryBytes(session_.get());
  REGCORE_RETURN_IF_ERROR(CheckPixels(width(), height(), limits_));
  return CheckScans(CountScans(session_.get()), limits_);
}

int LibjpegDecoder::width() const { return static_cast<int>(session_->info().image_width); }
int LibjpegDecoder::height() const { return static_cast<int>(session_->info().image_height); }

bool LibjpegDecoder::has_inks() const { return session_->info().num_components == kInks; }

size_t LibjpegDecoder::warnings() const { return session_->warnings(); }
const char* LibjpegDecoder::first_warning() const { return session_->first_warning(); }

bool LibjpegDecoder::DescribeScan(ScanHeader* scan) const {
  const jpeg_decompress_struct& info = session_->info();
  const bool sequential = !info.progressive_mode && !info.arith_code && info.Ss == 0 &&
                          info.Se == DCTSIZE2 - 1 && info.Ah == 0 && info.Al == 0;
  const bool of_all = info.comps_in_scan == info.num_components;
  if (!sequential || !of_all || warnings() != 0 || !DescribeFrame(info, &scan->frame)) return false;
  scan->restart_interval = info.restart_interval;
  scan->data = session_->unread();
  scan->size = static_cast<size_t>(session_->end() - scan->data);
  for (int c = 0; c < info.num_components; ++c) {
    const jpeg_component_info& from = info.comp_info[c];
    // Numbers of tables are as the file has them; libjpeg looks at them only when it decodes.
    if (from.dc_tbl_no >= NUM_HUFF_TBLS || from.ac_tbl_no >= NUM_HUFF_TBLS) return false;
    const JHUFF_TBL* dc = info.dc_huff_tbl_ptrs[from.dc_tbl_no];
    const JHUFF_TBL* ac = info.ac_huff_tbl_ptrs[from.ac_tbl_no];
    if (info.cur_comp_info[c] != &from || dc == nullptr || ac == nullptr) return false;
    scan->dc[c] = {dc->bits, dc->huffval};
    scan->ac[c] = {ac->bits, ac->huffval};
  }
  return true;
}

bool LibjpegDecoder::DescribeProgression(ProgressiveHeader* header) const {
  const jpeg_decompress_struct& info = session_->info();
  const bool known = info.progressive_mode && !info.arith_code && warnings() == 0;
  if (!known || !DescribeFrame(info, &header->frame)) return false;
  header->restart_interval = info.restart_interval;
  header->data = session_->unread();
  header->size = static_cast<size_t>(session_->end() - header->data);
  static_assert(kMaxTables == NUM_HUFF_TBLS);
  for (int i = 0; i < kMaxTables; ++i) {
    header->dc[i] = SpecOf(info.dc_huff_tbl_ptrs[i]);
    header->ac[i] = SpecOf(info.ac_huff_tbl_ptrs[i]);
  }
  for (int c = 0; c < info.num_components; ++c) {
    header->name[c] = static_cast<uint8_t>(info.comp_info[c].component_id);
    if (std::find(header->name, header->name + c, header->name[c]) != header->name + c) {
      return false;
    }
  }
  return DescribeFirstScan(info, &header->scan);
}

Status LibjpegDecoder::Decode(AlignedBuffer* pixels, RgbView* view) {
  started_ = true;
  REGCORE_RETURN_IF_ERROR(session_->Start());
  if (LacksScans(session_->info())) {
    return {StatusCode::kUnsupported, "progressive JPEG lacks scans"};
  }
  view->area = {0, 0, width(), height()};
  view->stride = 3 * static_cast<ptrdiff_t>(width());
  REGCORE_RETURN_IF_ERROR(
      pixels->Reserve(static_cast<size_t>(view->stride * height()) + kReadSlack));
  view->data = pixels->data();
  REGCORE_RETURN_IF_ERROR(has_inks() ? ReadInks(*view, pixels->data())
                                     : session_->ReadRows(pixels->data(), view->stride, height()));
  return session_->Finish();
}

// All rows of `view`, whose first pixel is at `rgb`.
Status LibjpegDecoder::ReadInks(const RgbView& view, uint8_t* rgb) {
  const size_t width = static_cast<size_t>(view.area.width());
  const ptrdiff_t stride = kInks * static_cast<ptrdiff_t>(width);
  AlignedBuffer inks;
  REGCORE_RETURN_IF_ERROR(inks.Reserve(static_cast<size_t>(kInkRows * stride)));
  for (int y = 0; y < view.area.bottom; y += kInkRows) {
    const int count = std::min(kInkRows, view.area.bottom - y);
    REGCORE_RETURN_IF_ERROR(session_->ReadRows(inks.data(), stride, count));
    for (int row = 0; row < count; ++row, rgb += view.stride) {
      CmykToRgb(inks.data() + row * stride, width, rgb);
    }
  }
  return {};
}

}  // namespace regcore
