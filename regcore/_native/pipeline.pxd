# The part of csrc that pipeline.pyx uses: images to batches.

from libc.stdint cimport int64_t, uint8_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector

from regcore._native.item_report cimport ItemReport
from regcore._native.preprocess_spec cimport PreprocessSpec
from regcore._native.sources cimport ExternalDecoder, ImageSource
from regcore._native.status cimport Status
from regcore._native.wait cimport Waitable, milliseconds


cdef extern from "<chrono>" namespace "std::chrono" nogil:
    cdef cppclass nanoseconds:
        long long count()


cdef extern from "jpeg/jpeg_decoder.h" namespace "regcore" nogil:
    const char* JpegLibraryVersion()
    bint JpegLibraryIsBundled()


cdef extern from "preprocess/preprocess.h" namespace "regcore" nogil:
    cdef cppclass ImagePreprocessor:
        ImagePreprocessor(const PreprocessSpec&) except +
        size_t slot_bytes()
        const PreprocessSpec& spec()


cdef extern from "preprocess/worker_set.h" namespace "regcore" nogil:
    cdef cppclass IdleWorkers:
        IdleWorkers(const PreprocessSpec&, size_t) except +


cdef extern from "preprocess/stage_times.h" namespace "regcore" nogil:
    cdef cppclass StageTimes:
        nanoseconds read
        nanoseconds decode
        nanoseconds resample
        nanoseconds write

    cdef cppclass TimePoint "regcore::ImageTimes::Time":
        nanoseconds time_since_epoch()

    cdef cppclass ImageTimes:
        TimePoint began
        TimePoint read
        TimePoint decoded
        TimePoint resampled


cdef extern from "preprocess/list_job.h" namespace "regcore" nogil:
    cdef cppclass ListJob(Waitable):
        ListJob(const ImagePreprocessor&, IdleWorkers*) except +
        Status StartToSlots(vector[ImageSource], ExternalDecoder, uint8_t*) except +
        Status StartToFiles(vector[ImageSource], ExternalDecoder, vector[string],
                            uint64_t*) except +
        Status StartToPack(vector[ImageSource], ExternalDecoder, int, uint64_t*) except +
        void Stop()
        size_t done()
        StageTimes stage_times()
        size_t failed()
        Status output_status()
        vector[ItemReport] TakeReports() except +


cdef extern from "preprocess/batch_stream.h" namespace "regcore" nogil:
    cdef struct StreamBatch:
        size_t first
        size_t count
        size_t buffer

    cdef cppclass ImageTiming:
        TimePoint requested
        ImageTimes times
        size_t worker

    cdef enum class StreamState:
        kBatch
        kEnd
        kNotYet

    cdef cppclass BatchStream:
        BatchStream(const ImagePreprocessor&, IdleWorkers*, vector[ImageSource], ExternalDecoder, size_t,
                    vector[uint8_t*], size_t) except +
        Status Start() except +
        void Stop()
        cbool OnWorker()
        StreamState Next(milliseconds, StreamBatch*)
        vector[ItemReport] TakeReports() except +
        const vector[ImageTiming]& timings()


cdef extern from "files/checksum.h" namespace "regcore" nogil:
    uint64_t Checksum(const uint8_t*, size_t)
