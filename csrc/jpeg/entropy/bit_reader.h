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
    bits_ |= word >> (count_ & 63);
    next_ += ~count_ >> 3 & 7;
    count_ = (count_ & 7) | kRefilled;
  }

  // The next bit is the highest.
  uint64_t bits() const { return bits_; }

  // Only the lowest 6 bits of `length` count, as for a processor's shift.
  void Skip(uint64_t length) {
    bits_ <<= length & 63;
    count_ -= length;
  }

  // How many bits of [begin, end) are left; negative: more were taken than there are.
  int64_t Left(const uint8_t* end) const {
    return 8 * (end - next_) + static_cast<int64_t>(count_ & 63);
  }

  // Whether the reader has come more than 8 bytes past `end`: then, bits were taken from there.
  bool IsFarPast(const uint8_t* end) const { return next_ - end > 8; }

 private:
  uint64_t bits_ = 0;
  uint64_t count_ = 0;  // in its lowest 6 bits
  const uint8_t* next_ = nullptr;
};

}  // namespace regcore
