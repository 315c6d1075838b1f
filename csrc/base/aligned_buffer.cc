#include "base/aligned_buffer.h"

#include <string>

namespace regcore {

Status AlignedBuffer::Reserve(size_t bytes) {
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

}  // namespace regcore
