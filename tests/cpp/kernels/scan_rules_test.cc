// Which scans are sound: grey ones made bit by bit, with one thing wrong in each.
#include <algorithm>
#include <string>
#include <vector>

#include "jpeg/baseline/baseline_decoder.h"
#include "jpeg/entropy/markers.h"
#include "kernels/kernel_test.h"

namespace regcore {
namespace {

// One code each, "0": a difference of 11 bits, and the end of a block.
constexpr uint8_t kCounts[17] = {0, 1};
constexpr uint8_t kDcSymbols[256] = {11};
constexpr uint8_t kAcSymbols[256] = {0};

// A column of blocks, each of which differs from the one before by so much.
class CraftedScan {
 public:
  CraftedScan& Block(int difference) {
    Bits(0, 1);
    Bits(difference > 0 ? difference : difference + 2047, 11);
    Bits(0, 1);
    return *this;
  }

  CraftedScan& Byte(uint8_t byte) {
    Fill();
    data_.push_back(byte);
    return *this;
  }

  // Fills up the last byte with ones.
  CraftedScan& Marker(uint8_t code) {
    Fill();
    data_.push_back(0xFF);
    data_.push_back(code);
    return *this;
  }

  // Whether an image of `blocks` blocks is sound, if its first `wanted` blocks are.
  bool IsSound(int blocks, int wanted, bool check_rest, unsigned restart_interval,
               uint16_t step) const {
    std::vector<uint16_t> steps(64, step);
    ScanHeader scan;
    scan.frame.width = 8;
    scan.frame.height = 8 * blocks;
    scan.frame.components = 1;
    scan.frame.component[0].quantization = steps.data();
    scan.dc[0] = {kCounts, kDcSymbols};
    scan.ac[0] = {kCounts, kAcSymbols};
    scan.restart_interval = restart_interval;
    scan.data = data_.data();
    scan.size = data_.size();
    BaselineDecoder decoder(SimdLevel::kPortable);
    AlignedBuffer pixels;
    RgbView view;
    bool sound = false;
    const Rect part{0, 0, 8, 8 * wanted};
    return BaselineDecoder::Takes(scan) &&
           decoder.Decode(scan, part, nullptr, check_rest, &pixels, &view, &sound).ok() && sound;
  }

 private:
  void Bits(int value, int count) {
    for (int bit = count - 1; bit >= 0; --bit) {
      byte_ = byte_ << 1 | (value >> bit & 1);
      if (++bits_ == 8) Flush();
    }
  }

  void Fill() {
    while (bits_ != 0) Bits(1, 1);
  }

  void Flush() {
    data_.push_back(static_cast<uint8_t>(byte_));
    if ((byte_ & 0xFF) == 0xFF) data_.push_back(0);
    bits_ = 0;
    byte_ = 0;
  }

  std::vector<uint8_t> data_;
  int byte_ = 0;
  int bits_ = 0;
};

CraftedScan Scan() { return {}; }

TEST(ScanRulesTest, OnlySoundScansAreTaken) {
  const auto check = [&](bool expected, const std::string& what, const CraftedScan& scan,
                         int blocks, int wanted, bool check_rest, unsigned restart_interval = 0,
                         uint16_t step = 1) {
    EXPECT_TRUE(scan.IsSound(blocks, wanted, check_rest, restart_interval, step) == expected)
        << what << (check_rest ? ", all looked at" : "");
  };
  for (const bool all : {false, true}) {
    check(true, "a block", Scan().Block(1500).Marker(kEoi), 1, 1, all);
    check(false, "a byte too many", Scan().Block(1500).Byte(7).Marker(kEoi), 1, 1, all);
    check(false, "a block too few", Scan().Block(1500).Marker(kEoi), 2, 2, all);
    check(false, "no marker", Scan().Block(1500).Byte(7), 1, 1, all);
    check(false, "another scan", Scan().Block(1500).Marker(kSos), 1, 1, all);
    check(false, "a restart for the end", Scan().Block(1500).Marker(kRst0), 1, 1, all);
    check(false, "fill bytes", Scan().Block(1500).Marker(0xFF).Byte(kEoi), 1, 1, all);

    check(true, "the largest coefficient", Scan().Block(2047).Marker(kEoi), 1, 1, all);
    check(false, "one larger", Scan().Block(1024).Block(1024).Marker(kEoi), 2, 2, all);
    check(true, "the smallest", Scan().Block(-1024).Block(-1024).Marker(kEoi), 2, 2, all);
    check(false, "one smaller", Scan().Block(-1024).Block(-1025).Marker(kEoi), 2, 2, all);
    check(true, "pixels of 511", Scan().Block(1024).Marker(kEoi), 1, 1, all, 0, 3);
    check(false, "pixels of 512", Scan().Block(1024).Marker(kEoi), 1, 1, all, 0, 4);
    check(false, "a step too large", Scan().Block(1500).Marker(kEoi), 1, 1, all, 0, 8192);

    const CraftedScan restarted =
        Scan().Block(1500).Marker(kRst0).Block(1500).Marker(kRst0 + 1).Block(-1500).Marker(kEoi);
    check(true, "restarts", restarted, 3, 3, all, 1);
    check(true, "restarts after it", restarted, 3, 1, all, 1);
    check(false, "restarts without an interval", restarted, 3, 1, all, 0);
    check(false, "restarts too early", restarted, 3, 3, all, 2);
    check(false, "no restart", Scan().Block(1500).Block(1500).Marker(kEoi), 2, 2, all, 1);
    check(false, "a restart left out", Scan().Block(9).Marker(kRst0 + 1).Block(9).Marker(kEoi), 2,
          2, all, 1);
    check(false, "a scan after restarts", Scan().Block(1500).Marker(kRst0).Block(1500).Marker(kSos),
          2, 1, all, 1);
    check(false, "no end after restarts", Scan().Block(1500).Marker(kRst0).Block(1500), 2, 1, all,
          1);
  }
  // What is not wanted and not looked at may be damaged, as long as the image has its end.
  const CraftedScan rest = Scan().Block(1500).Marker(kRst0).Byte(0x80).Marker(kEoi);
  check(true, "damage after it", rest, 2, 1, false, 1);
  check(false, "damage after it", rest, 2, 1, true, 1);
}

}  // namespace
}  // namespace regcore
