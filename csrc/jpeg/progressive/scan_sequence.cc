#include "jpeg/progressive/scan_sequence.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <numeric>

#include "jpeg/entropy/markers.h"

namespace regcore {

void ScanSequence::Start(const ProgressiveHeader& header) {
  header_ = &header;
  scan_ = header.scan;
  restart_interval_ = header.restart_interval;
  data_ = header.data;
  end_ = header.data + header.size;
  std::copy(std::begin(header.dc), std::end(header.dc), dc_);
  std::copy(std::begin(header.ac), std::end(header.ac), ac_);
}

ScanSequence::Step ScanSequence::Next(uint8_t marker, const uint8_t* rest) {
  const uint8_t* p = rest;
  while (marker != kEoi) {
    if (end_ - p < 2) return Step::kUnsound;
    const size_t length = size_t{p[0]} << 8 | p[1];  // with its own two bytes
    // A marker follows each of these segments, or the data of a scan.
    if (length < 2 || static_cast<size_t>(end_ - p) < length + 2) return Step::kUnsound;
    const uint8_t* const body = p + 2;
    const size_t size = length - 2;
    p += length;
    if (marker == kSos) {
      data_ = p;
      return TakeScan(body, size) ? Step::kScan : Step::kUnsound;
    }
    if (marker == kDri && size == 2) {
      restart_interval_ = static_cast<unsigned>(body[0]) << 8 | body[1];
    } else if (marker != kDht || !TakeTables(body, size)) {
      return Step::kUnsound;
    }
    if (p[0] != 0xFF) return Step::kUnsound;
    marker = p[1];
    p += 2;
  }
  return Step::kEndOfImage;
}

bool ScanSequence::TakeTables(const uint8_t* body, size_t size) {
  constexpr size_t kHead = 17;  // class and number, and how many codes there are of each length
  while (size > 0) {
    if (size < kHead) return false;
    const size_t symbols = std::accumulate(body + 1, body + kHead, size_t{0});
    const unsigned table_class = body[0] >> 4, number = body[0] & 15;
    if (symbols > 256 || size < kHead + symbols || table_class > 1 || number >= kMaxTables) {
      return false;
    }
    Table& table = tables_[table_class][number];
    table = {};
    std::memcpy(table.counts + 1, body + 1, kHead - 1);
    std::memcpy(table.symbols, body + kHead, symbols);
    (table_class == 0 ? dc_ : ac_)[number] = {table.counts, table.symbols};
    body += kHead + symbols;
    size -= kHead + symbols;
  }
  return true;
}

bool ScanSequence::TakeScan(const uint8_t* body, size_t size) {
  scan_ = {};
  if (size < 1) return false;
  scan_.components = body[0];
  const FrameHeader& frame = header_->frame;
  if (scan_.components < 1 || scan_.components > frame.components) return false;
  if (size != 4 + 2 * static_cast<size_t>(scan_.components)) return false;
  const uint8_t* p = body + 1;
  int next = 0;  // of the frame's components; a scan has them in the same order
  for (int i = 0; i < scan_.components; ++i, p += 2) {
    while (next < frame.components && header_->name[next] != p[0]) ++next;
    if (next == frame.components) return false;
    scan_.component[i] = next++;
    scan_.dc_table[i] = p[1] >> 4;
    scan_.ac_table[i] = p[1] & 15;
    if (scan_.dc_table[i] >= kMaxTables || scan_.ac_table[i] >= kMaxTables) return false;
  }
  scan_.first = p[0];
  scan_.last = p[1];
  scan_.high = p[2] >> 4;
  scan_.low = p[2] & 15;
  return true;
}

}  // namespace regcore
