// The libjpeg dance. libjpeg reports errors by longjmp, so all that it needs lives in State, and
// no function that calls setjmp owns an object with a destructor.
#include "jpeg/libjpeg_decoder.h"

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

#include "jpeg/baseline/markers.h"

namespace regcore {
namespace {

#define REGCORE_STRINGIFY(x) #x
#define REGCORE_TO_STRING(x) REGCORE_STRINGIFY(x)

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

// Libjpeg suspends, and goes on with the next block, if there is one. (Its own memory source
// invents an EOI at the end of the bytes, where Pillow fails.)
boolean NoMoreInput(j_decompress_ptr) { return FALSE; }

// Pillow gives libjpeg so many bytes at a time, and no more once it has all rows: what comes later
// is never seen.
constexpr size_t kBlock = 65536;

struct Source {
  jpeg_source_mgr base;  // first: libjpeg sees only this
  size_t to_skip;        // of what is not given yet
};

void SkipInput(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  auto* source = reinterpret_cast<Source*>(info->src);
  const size_t step = std::min(static_cast<size_t>(count), source->base.bytes_in_buffer);
  source->base.next_input_byte += step;
  source->base.bytes_in_buffer -= step;
  source->to_skip = static_cast<size_t>(count) - step;
}

}  // namespace

bool IsJpeg(const uint8_t* bytes, size_t size) {
  constexpr uint8_t kStart[] = {0xFF, 0xD8, 0xFF};
  return size >= sizeof(kStart) && std::memcmp(bytes, kStart, sizeof(kStart)) == 0;
}

const char* JpegLibraryVersion() { return REGCORE_TO_STRING(LIBJPEG_TURBO_VERSION); }

struct JpegLibrary::State {
  explicit State(const DecodeLimits& given) : limits(given) {}

  const DecodeLimits limits;
  jpeg_decompress_struct info{};
  ErrorManager errors{};
  Source source{};
  bool created = false;
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  size_t given = 0;  // of them, to libjpeg
  size_t library_bytes = 0;

  // The calls into libjpeg that may fail. On failure `errors.message` has the words.
  StatusCode Create();
  void Destroy();
  StatusCode ReadHeader();
  StatusCode Start();
  StatusCode ReadRows(uint8_t* pixels, ptrdiff_t stride);
  StatusCode Finish();

  bool GiveMore();
  bool IsTaken();
  bool LacksScans() const;
  size_t CountScans();
  size_t CountLibraryBytes();
  StatusCode Fail(StatusCode code, const char* words);
  StatusCode CodeOfError();
  Status ToStatus(StatusCode code) const {
    return code == StatusCode::kOk ? Status() : Status(code, errors.message);
  }
};

StatusCode JpegLibrary::State::Fail(StatusCode code, const char* words) {
  std::snprintf(errors.message, sizeof(errors.message), "%s", words);
  return code;
}

StatusCode JpegLibrary::State::CodeOfError() {
  switch (errors.base.msg_code) {
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
      return StatusCode::kUnsupported;
    case JERR_OUT_OF_MEMORY:
      return StatusCode::kOutOfMemory;
    case JERR_CANT_SUSPEND:  // libjpeg's arithmetic decoder wants all bytes in one block
      return Fail(StatusCode::kTruncated,
                  given == size
                      ? "file is cut short in the image data"
                      : "an arithmetic-coded JPEG over 64 KiB, which Pillow cannot decode");
    default:
      return StatusCode::kCorrupt;
  }
}

StatusCode JpegLibrary::State::Create() {
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = OnError;
  errors.base.emit_message = CountWarning;
  errors.base.output_message = PrintNothing;
  if (setjmp(errors.jump) != 0) return CodeOfError();
  created = true;  // also what fails half-way must be destroyed
  jpeg_create_decompress(&info);
  source.base.init_source = DoNothing;
  source.base.fill_input_buffer = NoMoreInput;
  source.base.skip_input_data = SkipInput;
  source.base.resync_to_restart = jpeg_resync_to_restart;
  source.base.term_source = DoNothing;
  info.src = &source.base;
  return StatusCode::kOk;
}

void JpegLibrary::State::Destroy() {
  if (created) jpeg_destroy_decompress(&info);
  created = false;
  library_bytes = 0;
}

// The next block; false at the end of the bytes.
bool JpegLibrary::State::GiveMore() {
  do {
    if (given == size) return false;
    const size_t more = std::min(kBlock, size - given);
    given += more;
    source.base.bytes_in_buffer += more;
    SkipInput(&info, static_cast<long>(source.to_skip));
  } while (source.to_skip > 0);
  return true;
}

StatusCode JpegLibrary::State::ReadHeader() {
  Destroy();  // jpeg_abort would keep the tables of the JPEG before
  if (const StatusCode code = Create(); code != StatusCode::kOk) return code;
  if (setjmp(errors.jump) != 0) return CodeOfError();
  source.base.next_input_byte = bytes;
  source.base.bytes_in_buffer = 0;
  source.to_skip = 0;
  given = 0;
  while (GiveMore()) {
    int result = JPEG_HEADER_TABLES_ONLY;  // an image of tables alone may come before
    while (result == JPEG_HEADER_TABLES_ONLY) result = jpeg_read_header(&info, FALSE);
    if (result == JPEG_HEADER_OK) return StatusCode::kOk;
  }
  return Fail(StatusCode::kTruncated, "file is cut short in the JPEG header");
}

StatusCode JpegLibrary::State::Start() {
  if (setjmp(errors.jump) != 0) return CodeOfError();
  info.out_color_space = JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  info.do_fancy_upsampling = TRUE;
  do {
    if (jpeg_start_decompress(&info)) return StatusCode::kOk;
  } while (GiveMore());
  return Fail(StatusCode::kTruncated, "file is cut short in the image data");
}

StatusCode JpegLibrary::State::ReadRows(uint8_t* pixels, ptrdiff_t stride) {
  if (setjmp(errors.jump) != 0) return CodeOfError();
  constexpr JDIMENSION kRowsPerCall = 16;
  while (info.output_scanline < info.output_height) {
    JSAMPROW rows[kRowsPerCall];
    const JDIMENSION wanted = std::min(kRowsPerCall, info.output_height - info.output_scanline);
    for (JDIMENSION i = 0; i < wanted; ++i) {
      rows[i] = pixels + static_cast<ptrdiff_t>(info.output_scanline + i) * stride;
    }
    if (jpeg_read_scanlines(&info, rows, wanted) == 0 && !GiveMore()) {
      return Fail(StatusCode::kTruncated, "file is cut short in the image data");
    }
  }
  return StatusCode::kOk;
}

// Reads on to the end of the image as far as it is given, as Pillow does; a missing one is no error
// once all rows are there.
StatusCode JpegLibrary::State::Finish() {
  if (setjmp(errors.jump) != 0) return CodeOfError();
  if (jpeg_finish_decompress(&info)) return StatusCode::kOk;
  // libjpeg-turbo 2 wants all of a second frame header before it refuses it, version 3 does not.
  constexpr int kSof0 = 0xC0, kDht = 0xC4, kJpg = 0xC8, kDac = 0xCC, kSof15 = 0xCF;
  const int unread = info.unread_marker;
  const bool is_frame =
      unread >= kSof0 && unread <= kSof15 && unread != kDht && unread != kJpg && unread != kDac;
  return is_frame ? Fail(StatusCode::kCorrupt, "a second frame header") : StatusCode::kOk;
}

// Whether scans are missing that would refine the lowest frequencies of a started progressive JPEG.
// libjpeg then smooths between blocks, which each of its versions does in another way.
bool JpegLibrary::State::LacksScans() const {
  if (!info.progressive_mode || info.coef_bits == nullptr) return false;
  constexpr int kSmoothedCoefficients = 10;
  for (int c = 0; c < info.num_components; ++c) {
    const int* const bits = info.coef_bits[c];  // still unknown, -1: all; 0: complete
    if (std::any_of(bits, bits + kSmoothedCoefficients, [](int b) { return b != 0; })) return true;
  }
  return false;
}

// Grey, YCbCr and RGB; the rest (CMYK, YCCK, two components) is for another decoder.
bool JpegLibrary::State::IsTaken() {
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
size_t JpegLibrary::State::CountLibraryBytes() {
  size_t count = 128 * static_cast<size_t>(info.image_width);
  if (!jpeg_has_multiple_scans(&info)) return count;
  for (int i = 0; i < info.num_components; ++i) {
    const jpeg_component_info& c = info.comp_info[i];
    const int across = RoundUp(static_cast<int>(c.width_in_blocks), c.h_samp_factor);
    const int down = RoundUp(static_cast<int>(c.height_in_blocks), c.v_samp_factor);
    count += static_cast<size_t>(int64_t{across} * down) * sizeof(JBLOCK);
  }
  return count;
}

// How many scans there may be, of a JPEG whose header is read.
size_t JpegLibrary::State::CountScans() {
  if (!jpeg_has_multiple_scans(&info)) return 1;
  return 1 + CountScansBehind(source.base.next_input_byte, bytes + size);
}

JpegLibrary::JpegLibrary(const DecodeLimits& limits) : state_(std::make_unique<State>(limits)) {}

JpegLibrary::~JpegLibrary() { Release(); }

void JpegLibrary::Release() { state_->Destroy(); }

Status JpegLibrary::Open(const uint8_t* bytes, size_t size) {
  if (!IsJpeg(bytes, size)) return {StatusCode::kUnsupported, "not a JPEG"};
  state_->bytes = bytes;
  state_->size = size;
  REGCORE_RETURN_IF_ERROR(state_->ToStatus(state_->ReadHeader()));
  if (!state_->IsTaken()) return {StatusCode::kUnsupported, state_->errors.message};
  state_->library_bytes = state_->CountLibraryBytes();
  REGCORE_RETURN_IF_ERROR(CheckPixels(width(), height(), state_->limits));
  return CheckScans(state_->CountScans(), state_->limits);
}

size_t JpegLibrary::HeldBytes() const { return state_->library_bytes; }

int JpegLibrary::width() const { return static_cast<int>(state_->info.image_width); }
int JpegLibrary::height() const { return static_cast<int>(state_->info.image_height); }

size_t JpegLibrary::warnings() const {
  return static_cast<size_t>(state_->errors.base.num_warnings);
}

const char* JpegLibrary::first_warning() const { return state_->errors.first_warning; }

bool JpegLibrary::DescribeScan(ScanHeader* scan) const {
  const jpeg_decompress_struct& info = state_->info;
  const bool sequential = !info.progressive_mode && !info.arith_code && info.Ss == 0 &&
                          info.Se == DCTSIZE2 - 1 && info.Ah == 0 && info.Al == 0 &&
                          info.data_precision == 8;
  const bool of_all = info.comps_in_scan == info.num_components;
  const bool colours = info.num_components == 1 || info.jpeg_color_space == JCS_YCbCr;
  if (!sequential || !of_all || !colours || warnings() != 0) return false;
  scan->width = width();
  scan->height = height();
  scan->components = info.num_components;
  scan->restart_interval = info.restart_interval;
  scan->data = state_->source.base.next_input_byte;
  scan->size = static_cast<size_t>(state_->bytes + state_->size - scan->data);
  for (int c = 0; c < info.num_components; ++c) {
    const jpeg_component_info& from = info.comp_info[c];
    // Numbers of tables are as the file has them; libjpeg looks at them only when it decodes.
    if (from.quant_tbl_no >= NUM_QUANT_TBLS || from.dc_tbl_no >= NUM_HUFF_TBLS ||
        from.ac_tbl_no >= NUM_HUFF_TBLS) {
      return false;
    }
    const JQUANT_TBL* steps = info.quant_tbl_ptrs[from.quant_tbl_no];
    const JHUFF_TBL* dc = info.dc_huff_tbl_ptrs[from.dc_tbl_no];
    const JHUFF_TBL* ac = info.ac_huff_tbl_ptrs[from.ac_tbl_no];
    if (info.cur_comp_info[c] != &from || steps == nullptr || dc == nullptr || ac == nullptr) {
      return false;
    }
    ScanComponent& to = scan->component[c];
    to.quantization = steps->quantval;
    to.dc = {dc->bits, dc->huffval};
    to.ac = {ac->bits, ac->huffval};
    const bool alone = info.num_components == 1;  // then an MCU is a block, whatever the factors
    to.blocks_across = alone ? 1 : from.h_samp_factor;
    to.blocks_down = alone ? 1 : from.v_samp_factor;
    if (c > 0 && (to.blocks_across != 1 || to.blocks_down != 1)) return false;
  }
  return true;
}

Status JpegLibrary::Decode(AlignedBuffer* pixels, RgbView* view) {
  State& state = *state_;
  REGCORE_RETURN_IF_ERROR(state.ToStatus(state.Start()));
  if (state.LacksScans()) return {StatusCode::kUnsupported, "progressive JPEG lacks scans"};
  view->area = {0, 0, width(), height()};
  view->stride = 3 * static_cast<ptrdiff_t>(width());
  REGCORE_RETURN_IF_ERROR(
      pixels->Reserve(static_cast<size_t>(view->stride * height()) + kReadSlack));
  view->data = pixels->data();
  REGCORE_RETURN_IF_ERROR(state.ToStatus(state.ReadRows(pixels->data(), view->stride)));
  return state.ToStatus(state.Finish());
}

}  // namespace regcore
