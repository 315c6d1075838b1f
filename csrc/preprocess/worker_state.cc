#include "preprocess/worker_state.h"

namespace regcore {

std::array<AlignedBuffer*, 7> WorkerState::LargeBuffers() {
  return {&file, &pixels, &upright, &luma, &intermediate, &transposed, &window};
}

void WorkerState::Release() {
  decoder.Release();
  for (AlignedBuffer* buffer : LargeBuffers()) {
    buffer->Release();
  }
}

void WorkerState::Trim() {
  size_t held = decoder.HeldBytes();
  for (const AlignedBuffer* buffer : LargeBuffers()) {
    held += buffer->capacity();
  }
  if (held > share.idle_limit()) Release();
  plans.Trim();
}

}  // namespace regcore
