// The one owner of memory for kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "base/status.h"

namespace regcore {

// Kernels may read this far past the last byte of any image they are given.
inline constexpr size_t kReadSlack = 64;

// Grow-only scratch memory, aligned for every instruction set; contents do not survive a growth.
class AlignedBuffer {
 public:
  static constexpr size_t kAlignment = 64;

  uint8_t* data() { return memory_.get(); }
  const uint8_t* data() const { return memory_.get(); }
  size_t capacity() const { return capacity_; }

  Status Reserve(size_t bytes);

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
