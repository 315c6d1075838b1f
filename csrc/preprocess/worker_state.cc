#include "preprocess/worker_state.h"

namespace regcore {

void WorkerState::Release() {
  decoder.Release();
  for (AlignedBuffer* buffer : {&file, &pixels, &intermediate, &transposed, &window}) {
    buffer->Release();
  }
}

void WorkerState::Trim() {
  size_t held = decoder.HeldBytes();
  for (const AlignedBuffer* buffer : {&file, &pixels, &intermediate, &transposed, &window}) {
    held += buffer->capacity();
  }
  if (held > share.idle_limit()) Release();
  plans.Trim();
}

}  // namespace regcore
