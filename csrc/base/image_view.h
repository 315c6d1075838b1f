// Pictures and memory: views that own nothing, and the one buffer that owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "base/status.h"

namespace regcore {

// Kernels may read this far behind the last byte of any picture they are given.
inline constexpr size_t kReadSlack = 64;

inline constexpr int RoundUp(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Half-open in both directions: columns [left, right), rows [top, bottom), in pixels.
struct Rect {
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;

  int width() const { return right - left; }
  int height() const { return bottom - top; }
  bool operator==(const Rect&) const = default;
};

// Part of a picture as interleaved RGB8 rows: `data` is the pixel (area.left, area.top), `stride`
// the distance of two rows in bytes. Whoever makes a view for a kernel provides kReadSlack.
struct RgbView {
  const uint8_t* data = nullptr;
  ptrdiff_t stride = 0;
  Rect area;

  const uint8_t* Row(int y) const { return data + (y - area.top) * stride; }
};

// Grow-only scratch memory, aligned for every instruction set; contents do not survive a growth.
class AlignedBuffer {
 public:
  static constexpr size_t kAlignment = 64;

  uint8_t* data() { return memory_.get(); }
  const uint8_t* data() const { return memory_.get(); }
  size_t capacity() const { return capacity_; }

  Status Reserve(size_t bytes) {
    if (bytes <= capacity_) return {};
    memory_.reset();
    capacity_ = 0;
    memory_.reset(
        static_cast<uint8_t*>(::operator new(bytes, std::align_val_t{kAlignment}, std::nothrow)));
    if (!memory_) {
      return {StatusCode::kOutOfMemory, "no memory for " + std::to_string(bytes) + " bytes"};
    }
    capacity_ = bytes;
    return {};
  }

  void Release() {
    memory_.reset();
    capacity_ = 0;
  }

 private:
  struct Free {
    void operator()(uint8_t* p) const { ::operator delete(p, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<uint8_t, Free> memory_;
  size_t capacity_ = 0;
};

}  // namespace regcore
