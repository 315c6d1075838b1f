// The libjpeg dance. libjpeg reports errors by longjmp, so all that it needs lives in State, and
// no function that calls setjmp owns an object with a destructor.
#include "decode/jpeg_decoder.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>

// Not sorted: jpeglib.h needs size_t and FILE declared, and jerror.h needs jpeglib.h.
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "decode/jpeg_markers.h"
#include "scan/scan_decoder.h"

namespace regcore {
namespace {

#define REGCORE_STRINGIFY(x) #x
#define REGCORE_TO_STRING(x) REGCORE_STRINGIFY(x)

int AlignDown(int value, int multiple) { return value / multiple * multiple; }
int AlignUp(int value, int multiple) { return AlignDown(value + multiple - 1, multiple); }

struct ErrorManager {
  jpeg_error_mgr base;  // first: libjpeg sees only this
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
  char first_warning[JMSG_LENGTH_MAX];
};

[[noreturn]] void OnError(j_common_ptr info) {
  auto* errors = reinterpret_cast<ErrorManager*>(info->err);
  errors->base.format_message(info, errors->message);
  std::longjmp(errors->jump, 1);
}

// Damage that libjpeg repairs; Pillow accepts it too.
void CountWarning(j_common_ptr info, int level) {
  if (level >= 0) return;  // a trace message
  auto* errors = reinterpret_cast<ErrorManager*>(info->err);
  if (errors->base.num_warnings++ == 0) errors->base.format_message(info, errors->first_warning);
}

void PrintNothing(j_common_ptr) {}

void DoNothing(j_decompress_ptr) {}

// All bytes are given from the start: asking for more means that the file is cut short. Suspending
// (not inventing an EOI, as libjpeg's own memory source does) fails where Pillow fails.
boolean NoMoreInput(j_decompress_ptr) { return FALSE; }

void SkipInput(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  jpeg_source_mgr* source = info->src;
  const size_t step = std::min(static_cast<size_t>(count), source->bytes_in_buffer);
  source->next_input_byte += step;
  source->bytes_in_buffer -= step;
}

}  // namespace

const char* JpegLibraryVersion() { return REGCORE_TO_STRING(LIBJPEG_TURBO_VERSION); }

struct JpegDecoder::State {
  State(const DecodeLimits& given, SimdLevel level) : limits(given), scan_decoder(level) {}

  const DecodeLimits limits;
  ScanDecoder scan_decoder;
  jpeg_decompress_struct info{};
  ErrorManager errors{};
  jpeg_source_mgr source{};
  bool created = false;
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  size_t library_bytes = 0;

  // The calls into libjpeg that may fail. On failure `errors.message` has the words.
  StatusCode Create();
  void Destroy();
  StatusCode ReadHeader();
  StatusCode Start(const Rect& region);
  StatusCode ReadRows(uint8_t* pixels, ptrdiff_t stride, int bottom);
  StatusCode Finish();
  StatusCode SkipRest(uint8_t* row);

  Rect Whole() const;
  Rect WithMargin(const Rect& wanted) const;
  bool IsTaken();
  bool LacksScans() const;
  size_t CountScans();
  size_t CountLibraryBytes();
  bool RegionIsProven() const;
  bool DescribeScan(ScanHeader* scan) const;
  bool RestIsThere() const;
  bool RestIsSound(AlignedBuffer* pixels, const RgbView& view);
  Status DecodeRows(const Rect& region, AlignedBuffer* pixels, RgbView* view);
  StatusCode Fail(StatusCode code, const char* words);
  StatusCode CodeOfError() const;
  Status ToStatus(StatusCode code) const {
    return code == StatusCode::kOk ? Status() : Status(code, errors.message);
  }
};

StatusCode JpegDecoder::State::Fail(StatusCode code, const char* words) {
  std::snprintf(errors.message, sizeof(errors.message), "%s", words);
  return code;
}

StatusCode JpegDecoder::State::CodeOfError() const {
  switch (errors.base.msg_code) {
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
      return StatusCode::kUnsupported;
    case JERR_OUT_OF_MEMORY:
      return StatusCode::kOutOfMemory;
    default:
      return StatusCode::kCorrupt;
  }
}

StatusCode JpegDecoder::State::Create() {
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = OnError;
  errors.base.emit_message = CountWarning;
  errors.base.output_message = PrintNothing;
  if (setjmp(errors.jump) != 0) return CodeOfError();
  created = true;  // also what fails half-way must be destroyed
  jpeg_create_decompress(&info);
  source.init_source = DoNothing;
  source.fill_input_buffer = NoMoreInput;
  source.skip_input_data = SkipInput;
  source.resync_to_restart = jpeg_resync_to_restart;
  source.term_source = DoNothing;
  info.src = &source;
  return StatusCode::kOk;
}

void JpegDecoder::State::Destroy() {
  if (created) jpeg_destroy_decompress(&info);
  created = false;
  library_bytes = 0;
}

StatusCode JpegDecoder::State::ReadHeader() {
  Destroy();  // jpeg_abort would keep the tables of the JPEG before
  if (const StatusCode code = Create(); code != StatusCode::kOk) return code;
  if (setjmp(errors.jump) != 0) return CodeOfError();
  source.next_input_byte = bytes;
  source.bytes_in_buffer = size;
  if (jpeg_read_header(&info, TRUE) != JPEG_HEADER_OK) {
    return Fail(StatusCode::kTruncated, "file is cut short in the JPEG header");
  }
  return StatusCode::kOk;
}

// Starts decoding; the next row that ReadRows gives is region.top.
StatusCode JpegDecoder::State::Start(const Rect& region) {
  if (setjmp(errors.jump) != 0) return CodeOfError();
  info.out_color_space = JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  info.do_fancy_upsampling = TRUE;
  if (!jpeg_start_decompress(&info)) {
    return Fail(StatusCode::kTruncated, "file is cut short in the image data");
  }
  if (region.width() < static_cast<int>(info.output_width)) {
    JDIMENSION left = static_cast<JDIMENSION>(region.left);
    JDIMENSION width = static_cast<JDIMENSION>(region.width());
    jpeg_crop_scanline(&info, &left, &width);
    // The left edge is an MCU border already.
    if (static_cast<int>(left) != region.left || static_cast<int>(width) != region.width()) {
      return Fail(StatusCode::kCorrupt, "libjpeg moved the region");
    }
  }
  // One skip, from row 0 to an MCU border: the case that libjpeg-turbo #915 does not touch.
  if (region.top > 0) jpeg_skip_scanlines(&info, static_cast<JDIMENSION>(region.top));
  if (static_cast<int>(info.output_scanline) != region.top) {
    return Fail(StatusCode::kTruncated, "file is cut short in the image data");
  }
  return StatusCode::kOk;
}

StatusCode JpegDecoder::State::ReadRows(uint8_t* pixels, ptrdiff_t stride, int bottom) {
  if (setjmp(errors.jump) != 0) return CodeOfError();
  constexpr JDIMENSION kRowsPerCall = 16;
  const JDIMENSION end = static_cast<JDIMENSION>(bottom);
  const JDIMENSION begin = info.output_scanline;
  while (info.output_scanline < end) {
    JSAMPROW rows[kRowsPerCall];
    const JDIMENSION wanted = std::min(kRowsPerCall, end - info.output_scanline);
    for (JDIMENSION i = 0; i < wanted; ++i) {
      rows[i] = pixels + static_cast<ptrdiff_t>(info.output_scanline - begin + i) * stride;
    }
    if (jpeg_read_scanlines(&info, rows, wanted) == 0) {
      return Fail(StatusCode::kTruncated, "file is cut short in the image data");
    }
  }
  return StatusCode::kOk;
}

// Reads on to the end of the image, as Pillow does; a missing one is no error once all rows are
// there.
StatusCode JpegDecoder::State::Finish() {
  if (setjmp(errors.jump) != 0) return CodeOfError();
  if (jpeg_finish_decompress(&info)) return StatusCode::kOk;
  // libjpeg-turbo 2 wants all of a second frame header before it refuses it, version 3 does not.
  constexpr int kSof0 = 0xC0, kDht = 0xC4, kJpg = 0xC8, kDac = 0xCC, kSof15 = 0xCF;
  const int unread = info.unread_marker;
  const bool is_frame =
      unread >= kSof0 && unread <= kSof15 && unread != kDht && unread != kJpg && unread != kDac;
  return is_frame ? Fail(StatusCode::kCorrupt, "a second frame header") : StatusCode::kOk;
}

// Goes through the rows behind those that ReadRows gave without making pixels of them, as far as
// libjpeg lets one: what is skipped up to the last row is not even looked at, so that row is read,
// into `row`, of the region's width.
StatusCode JpegDecoder::State::SkipRest(uint8_t* row) {
  if (setjmp(errors.jump) != 0) return CodeOfError();
  const JDIMENSION last = info.output_height - 1;
  if (info.output_scanline < last) jpeg_skip_scanlines(&info, last - info.output_scanline);
  if (info.output_scanline > last) return StatusCode::kOk;
  JSAMPROW rows[] = {row};
  if (info.output_scanline == last && jpeg_read_scanlines(&info, rows, 1) == 1) {
    return StatusCode::kOk;
  }
  return Fail(StatusCode::kTruncated, "file is cut short in the image data");
}

// Whether scans are missing that would refine the lowest frequencies of a started progressive JPEG.
// libjpeg then smooths between blocks, which each of its versions does in another way.
bool JpegDecoder::State::LacksScans() const {
  if (!info.progressive_mode || info.coef_bits == nullptr) return false;
  constexpr int kSmoothedCoefficients = 10;
  for (int c = 0; c < info.num_components; ++c) {
    const int* const bits = info.coef_bits[c];  // still unknown, -1: all; 0: complete
    if (std::any_of(bits, bits + kSmoothedCoefficients, [](int b) { return b != 0; })) return true;
  }
  return false;
}

Rect JpegDecoder::State::Whole() const {
  return {0, 0, static_cast<int>(info.image_width), static_cast<int>(info.image_height)};
}

// The region to decode: MCU borders around `wanted`. Along an axis with subsampled chroma, fancy
// upsampling interpolates between neighbours, which a border pixel lacks: two pixels are to spare.
// Rows below `wanted` are never decoded, so the lower edge needs neither.
Rect JpegDecoder::State::WithMargin(const Rect& wanted) const {
  const int mcu_width = DCTSIZE * info.max_h_samp_factor;
  const int mcu_height = DCTSIZE * info.max_v_samp_factor;
  const int spare_x = info.max_h_samp_factor > 1 ? 2 : 0;
  const int spare_y = info.max_v_samp_factor > 1 ? 2 : 0;
  Rect r;
  r.left = AlignDown(std::max(0, wanted.left - spare_x), mcu_width);
  r.top = AlignDown(std::max(0, wanted.top - spare_y), mcu_height);
  r.right = std::min(Whole().right, AlignUp(wanted.right + spare_x, mcu_width));
  r.bottom = wanted.bottom;
  return r;
}

// Grey, YCbCr and RGB; the rest (CMYK, YCCK, two components) is for another decoder.
bool JpegDecoder::State::IsTaken() {
  const bool grey = info.num_components == 1 && info.jpeg_color_space == JCS_GRAYSCALE;
  const bool colour = info.num_components == 3 &&
                      (info.jpeg_color_space == JCS_YCbCr || info.jpeg_color_space == JCS_RGB);
  if (grey || colour) return true;
  Fail(StatusCode::kUnsupported, "JPEG colours are neither grey, YCbCr nor RGB");
  return false;
}

// What libjpeg holds while it decodes, if its header is read. Where the scans are several, the
// coefficients of the whole picture, int16, in whole MCUs; and some rows of samples, for which
// 128 bytes per column are plenty.
size_t JpegDecoder::State::CountLibraryBytes() {
  size_t count = 128 * static_cast<size_t>(info.image_width);
  if (!jpeg_has_multiple_scans(&info)) return count;
  for (int i = 0; i < info.num_components; ++i) {
    const jpeg_component_info& c = info.comp_info[i];
    const int across = AlignUp(static_cast<int>(c.width_in_blocks), c.h_samp_factor);
    const int down = AlignUp(static_cast<int>(c.height_in_blocks), c.v_samp_factor);
    count += static_cast<size_t>(int64_t{across} * down) * sizeof(JBLOCK);
  }
  return count;
}

// How many scans there may be, of a JPEG whose header is read.
size_t JpegDecoder::State::CountScans() {
  if (!jpeg_has_multiple_scans(&info)) return 1;
  return 1 + CountScansBehind(source.next_input_byte, bytes + size);
}

// Partial decoding equals a full one for a single Huffman-coded sequential scan whose MCU is at
// most 2 x 2 blocks of luma with one block of each chroma component.
bool JpegDecoder::State::RegionIsProven() const {
  if (info.progressive_mode || info.arith_code || info.comps_in_scan != info.num_components) {
    return false;
  }
  const jpeg_component_info* luma = info.comp_info;
  if (luma->h_samp_factor > 2 || luma->v_samp_factor > 2) return false;
  if (info.num_components == 1) return luma->h_samp_factor == 1 && luma->v_samp_factor == 1;
  return std::all_of(info.comp_info + 1, info.comp_info + info.num_components,
                     [](const auto& c) { return c.h_samp_factor == 1 && c.v_samp_factor == 1; });
}

bool JpegDecoder::State::DescribeScan(ScanHeader* scan) const {
  if (info.progressive_mode || info.arith_code || info.comps_in_scan != info.num_components) {
    return false;
  }
  if (errors.base.num_warnings != 0) return false;
  if (info.Ss != 0 || info.Se != DCTSIZE2 - 1 || info.Ah != 0 || info.Al != 0) return false;
  if (info.data_precision != 8) return false;
  if (info.num_components == 3 && info.jpeg_color_space != JCS_YCbCr) return false;
  scan->width = static_cast<int>(info.image_width);
  scan->height = static_cast<int>(info.image_height);
  scan->components = info.num_components;
  scan->restart_interval = info.restart_interval;
  scan->data = source.next_input_byte;
  scan->size = source.bytes_in_buffer;
  for (int c = 0; c < info.num_components; ++c) {
    const jpeg_component_info& from = info.comp_info[c];
    ScanComponent& to = scan->component[c];
    const JQUANT_TBL* steps = info.quant_tbl_ptrs[from.quant_tbl_no];
    const JHUFF_TBL* dc = info.dc_huff_tbl_ptrs[from.dc_tbl_no];
    const JHUFF_TBL* ac = info.ac_huff_tbl_ptrs[from.ac_tbl_no];
    if (info.cur_comp_info[c] != &from || steps == nullptr || dc == nullptr || ac == nullptr) {
      return false;
    }
    to.quantization = steps->quantval;
    to.dc = {dc->bits, dc->huffval};
    to.ac = {ac->bits, ac->huffval};
    const bool alone = info.num_components == 1;  // then an MCU is a block
    to.blocks_across = alone ? 1 : from.h_samp_factor;
    to.blocks_down = alone ? 1 : from.v_samp_factor;
    if (c > 0 && (to.blocks_across != 1 || to.blocks_down != 1)) return false;
  }
  return ScanDecoder::Takes(*scan);
}

// Whether the image data behind the last row read has its end. If not, only a full decode tells
// what is missing.
bool JpegDecoder::State::RestIsThere() const {
  const int unread = info.unread_marker;  // libjpeg reads ahead
  const bool in_scan = unread == 0 || (unread >= JPEG_RST0 && unread <= JPEG_RST0 + 7);
  if (!in_scan) return unread == JPEG_EOI;
  return ScanReachesEndOfImage(source.next_input_byte, bytes + size);
}

// Whether a full decode would find nothing wrong behind the part decoded either. `pixels` have room
// for a row behind those of `view`.
bool JpegDecoder::State::RestIsSound(AlignedBuffer* pixels, const RgbView& view) {
  uint8_t* row = pixels->data() + view.stride * view.area.height();
  return SkipRest(row) == StatusCode::kOk && Finish() == StatusCode::kOk &&
         errors.base.num_warnings == 0;
}

Status JpegDecoder::State::DecodeRows(const Rect& region, AlignedBuffer* pixels, RgbView* view) {
  REGCORE_RETURN_IF_ERROR(ToStatus(Start(region)));
  if (LacksScans()) return {StatusCode::kUnsupported, "progressive JPEG lacks scans"};
  view->area = region;
  view->stride = 3 * static_cast<ptrdiff_t>(region.width());
  REGCORE_RETURN_IF_ERROR(
      pixels->Reserve(static_cast<size_t>(view->stride * (region.height() + 1)) + kReadSlack));
  view->data = pixels->data();
  return ToStatus(ReadRows(pixels->data(), view->stride, region.bottom));
}

JpegDecoder::JpegDecoder(const DecodeLimits& limits, SimdLevel level)
    : state_(std::make_unique<State>(limits, level)) {}

JpegDecoder::~JpegDecoder() { Release(); }

void JpegDecoder::Release() { state_->Destroy(); }

Status JpegDecoder::Open(const uint8_t* bytes, size_t size) {
  constexpr uint8_t kStart[] = {0xFF, 0xD8, 0xFF};
  if (size < sizeof(kStart) || std::memcmp(bytes, kStart, sizeof(kStart)) != 0) {
    return {StatusCode::kUnsupported, "not a JPEG"};
  }
  state_->bytes = bytes;
  state_->size = size;
  REGCORE_RETURN_IF_ERROR(state_->ToStatus(state_->ReadHeader()));
  if (!state_->IsTaken()) return {StatusCode::kUnsupported, state_->errors.message};
  state_->library_bytes = state_->CountLibraryBytes();
  REGCORE_RETURN_IF_ERROR(CheckPixels(width(), height(), state_->limits));
  return CheckScans(state_->CountScans(), state_->limits);
}

size_t JpegDecoder::DecodeBytes() const {
  return 3 * static_cast<size_t>(int64_t{width()} * (height() + 1)) + kReadSlack + LibraryBytes();
}

size_t JpegDecoder::LibraryBytes() const { return state_->library_bytes; }

int JpegDecoder::width() const { return static_cast<int>(state_->info.image_width); }
int JpegDecoder::height() const { return static_cast<int>(state_->info.image_height); }

size_t JpegDecoder::warnings() const {
  return static_cast<size_t>(state_->errors.base.num_warnings);
}

const char* JpegDecoder::first_warning() const { return state_->errors.first_warning; }

Status JpegDecoder::Decode(const Rect& wanted, DecodeExtent extent, AlignedBuffer* pixels,
                           RgbView* view) {
  ScanHeader scan;
  if (extent != DecodeExtent::kWhole && state_->DescribeScan(&scan)) {
    bool sound = false;
    REGCORE_RETURN_IF_ERROR(state_->scan_decoder.Decode(
        scan, wanted, extent == DecodeExtent::kWantedChecked, pixels, view, &sound));
    if (sound) return {};
  }
  if (extent != DecodeExtent::kWhole && state_->RegionIsProven()) {
    REGCORE_RETURN_IF_ERROR(state_->DecodeRows(state_->WithMargin(wanted), pixels, view));
    if (state_->RestIsThere() && warnings() == 0 &&
        (extent == DecodeExtent::kWanted || state_->RestIsSound(pixels, *view))) {
      return {};
    }
    REGCORE_RETURN_IF_ERROR(Open(state_->bytes, state_->size));
  }
  REGCORE_RETURN_IF_ERROR(state_->DecodeRows(state_->Whole(), pixels, view));
  return state_->ToStatus(state_->Finish());
}

}  // namespace regcore
