// The bytes of an item on demand, held as long as this lives.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "preprocess/external_decoder.h"

namespace regcore {

class FetchedBytes {
 public:
  FetchedBytes() = default;
  FetchedBytes(const FetchedBytes&) = delete;
  FetchedBytes& operator=(const FetchedBytes&) = delete;
  ~FetchedBytes() { Release(); }

  void Release() {
    if (owner_.release != nullptr) owner_.release(owner_.context, index_);
    owner_ = {};
  }

  // Once until Release.
  Status Fetch(const ExternalDecoder& external, size_t index) {
    REGCORE_RETURN_IF_ERROR(external.fetch(external.context, index, &data_, &size_));
    owner_ = external;
    index_ = index;
    return {};
  }

  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  ExternalDecoder owner_;
  size_t index_ = 0;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace regcore
