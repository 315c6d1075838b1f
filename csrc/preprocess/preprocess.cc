#include "preprocess/preprocess.h"

#include <new>

#include "preprocess/decode_step.h"

namespace regcore {

Status ImagePreprocessor::ToSlot(const ImageSource& source, size_t index,
                                 const ExternalDecoder& external, WorkerState* worker,
                                 void* slot) const {
  try {
    ImageTimes& times = worker->times;
    const ImageTimes::Time now = ImageTimes::Now();
    times = {now, now, now, now};
    DecodeStep decode(spec_, resize_crop_, source, worker);
    Status status = decode.Run(external, index);
    if (status.ok()) status = resize_crop_.Run(decode.view(), decode.plan(), worker, slot);
    times.resampled = ImageTimes::Now();
    worker->stage_times += times;
    worker->Trim();
    if (decode.is_large()) ReturnFreedMemory();
    return status;
  } catch (const std::bad_alloc&) {
    // A plan or a message had no memory; pixels are asked for without throwing.
    return {StatusCode::kOutOfMemory, "out of memory"};
  }
}

}  // namespace regcore
