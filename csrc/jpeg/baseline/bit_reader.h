// The next bits of a segment, in a register.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace regcore {

class BitReader {
 public:
  BitReader() = default;
  explicit BitReader(const uint8_t* begin) : next_(begin) {}

  static constexpr int kRefilled = 56;

  // Leaves at least kRefilled bits, zeros past the end. Reads 8 bytes. The bits in which a word
  // overlaps what is there already are the same, so that they need not be masked.
  void Refill() {
    uint64_t word;
    std::memcpy(&word, next_, sizeof(word));
    if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
    bits_ |= word >> count_;
    next_ += (63 - count_) >> 3;
    count_ |= kRefilled;
  }

  // The next bit is the highest.
  uint64_t bits() const { return bits_; }

  // `length`: less than 64; only its lowest 6 bits count, as for a processor's shift.
  void Skip(uint64_t length) {
    bits_ <<= length & 63;
    count_ -= static_cast<uint32_t>(length & 63);
  }

  // How many bits of [begin, end) are left; negative: more were taken than there are.
  int64_t Left(const uint8_t* end) const { return 8 * (end - next_) + static_cast<int>(count_); }

 private:
  uint64_t bits_ = 0;
  uint32_t count_ = 0;
  const uint8_t* next_ = nullptr;
};

}  // namespace regcore
