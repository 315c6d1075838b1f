# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The binding of the image pipeline: checks arguments, releases the GIL, reports failures."""

import atexit
import os
import threading
import weakref
from functools import partial

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.memory cimport unique_ptr
from libcpp.string cimport string
from libcpp.utility cimport move
from libcpp.vector cimport vector
from posix.unistd cimport getpid

from regcore._native.item_report cimport ItemReport, check_environment
from regcore._native.preprocess_spec cimport MemoryBudget, spec_of
from regcore._native.sources cimport ImageSources
from regcore._native.status cimport (
    SimdName, SupportedSimdLevels, check, resolve_level
)
from regcore._native.wait cimport POLL_MS, finish, milliseconds

# What has threads that may call Python, which must end before the interpreter does.
_with_threads = weakref.WeakSet()
cdef cbool interpreter_ends = False


@atexit.register
def _stop_all_threads():
    global interpreter_ends
    interpreter_ends = True
    while True:
        try:
            open_ones = list(_with_threads)
            break
        except RuntimeError:  # another thread has just added one
            continue
    for each in open_ones:
        each.close()


def stop_at_exit(workers):
    """Has `workers.close()` called before the interpreter ends."""
    _with_threads.add(workers)


def check_not_ending():
    if interpreter_ends:
        raise RuntimeError("the interpreter is about to end; nothing new is begun")


cdef str text(const string& words):
    return words.decode("utf-8", "replace")


cdef list python_reports(vector[ItemReport] reports):
    check_environment(reports)
    return [
        (
            r.index,
            None if r.status.ok() else text(r.status.message()),
            (
                r.diagnostics.warnings,
                text(r.diagnostics.first_warning),
                r.diagnostics.orientation,
                r.diagnostics.clipped,
            ),
        )
        for r in reports
    ]


def simd_level():
    return SimdName(resolve_level()).decode()


def simd_levels():
    return tuple(SimdName(level).decode() for level in SupportedSimdLevels())


def checksum(const uint8_t[::1] data not None):
    """XXH3 of 64 bits."""
    cdef const uint8_t* start = NULL
    cdef uint64_t result
    if data.shape[0] > 0:
        start = &data[0]
    with nogil:
        result = Checksum(start, data.shape[0])
    return result


def libjpeg_version():
    return JpegLibraryVersion().decode()


def libjpeg_is_bundled():
    return JpegLibraryIsBundled()


cdef class Preprocessing:
    """A recipe's ImagePreprocessor and the workers that run lists of images through it."""

    cdef unique_ptr[MemoryBudget] memory
    cdef unique_ptr[ImagePreprocessor] preprocess
    cdef unique_ptr[IdleWorkers] idle
    cdef unique_ptr[ListJob] job
    cdef readonly int workers
    cdef bint closed
    cdef object __weakref__
    cdef int owner  # the process in which the threads of the job run

    def __cinit__(self, recipe, *, int workers, size_t memory, **options):
        if memory > 0:
            self.memory.reset(new MemoryBudget(memory))
        self.workers = workers
        self.preprocess.reset(new ImagePreprocessor(spec_of(recipe, self.memory.get(), options)))
        self.idle.reset(new IdleWorkers(self.preprocess.get().spec(), workers))

    cdef ListJob* started(self) except NULL:
        if not self.job:
            self.job.reset(new ListJob(self.preprocess.get()[0], self.idle.get()))
            self.owner = getpid()
            stop_at_exit(self)
        check_not_ending()
        return self.job.get()

    def close(self):
        """Cancels a call that another thread makes, which then raises, and ends the threads."""
        self.closed = True
        if self.job and self.owner == getpid():
            with nogil:
                self.job.get().Stop()

    def slot_bytes(self):
        return self.preprocess.get().slot_bytes()

    def to_slots(self, items, decode_external, uint8_t[::1] out not None, progress=None):
        cdef ImageSources listed = ImageSources(items, decode_external)
        cdef ListJob* job = self.started()
        if <size_t>out.shape[0] != listed.sources.size() * self.preprocess.get().slot_bytes():
            raise ValueError("out has the wrong size")
        if listed.sources.empty():
            return []
        check(job.StartToSlots(listed.sources, listed.decoder(), &out[0]))
        return self.finish(progress)

    def to_files(self, items, decode_external, paths, uint64_t[::1] checksums not None, progress=None):
        cdef ImageSources listed = ImageSources(items, decode_external)
        cdef ListJob* job = self.started()
        cdef vector[string] encoded
        for path in paths:
            encoded.push_back(os.fsencode(path))
        if encoded.size() != listed.sources.size() or <size_t>checksums.shape[0] != encoded.size():
            raise ValueError("as many paths and checksums as items are needed")
        if listed.sources.empty():
            return []
        check(job.StartToFiles(listed.sources, listed.decoder(), encoded, &checksums[0]))
        return self.finish(progress)

    def to_pack(self, items, decode_external, int pack, uint64_t[::1] checksums not None, progress=None):
        cdef ImageSources listed = ImageSources(items, decode_external)
        cdef ListJob* job = self.started()
        if <size_t>checksums.shape[0] != listed.sources.size():
            raise ValueError("as many checksums as items are needed")
        if listed.sources.empty():
            return []
        check(job.StartToPack(listed.sources, listed.decoder(), pack, &checksums[0]))
        return self.finish(progress)

    def stage_seconds(self):
        """Seconds of all calls so far, summed over the workers, for each stage."""
        cdef StageTimes times
        if self.job:
            times = self.job.get().stage_times()
        return {
            "read": times.read.count() / 1e9,
            "decode": times.decode.count() / 1e9,
            "resample": times.resample.count() / 1e9,
            "write": times.write.count() / 1e9,
        }

    def _report_progress(self, progress):
        return progress(self.job.get().done(), self.job.get().failed())

    cdef list finish(self, progress):
        cdef ListJob* job = self.job.get()
        finish(job, None if progress is None else partial(self._report_progress, progress))
        if self.closed:
            raise RuntimeError("the interpreter ended while images were in work")
        check(job.output_status())
        return python_reports(job.TakeReports())

    def __dealloc__(self):
        if self.owner != getpid():  # a forked child: there are no threads to join
            self.job.release()
        # Joining threads that may want the GIL must not hold it.
        with nogil:
            self.job.reset()
        self.idle.reset()  # before the budget of memory


cdef bytes timing_bytes(const vector[ImageTiming]& timings):
    cdef bytearray packed = bytearray(6 * 8 * timings.size())
    cdef int64_t* row = <int64_t*><char*>packed
    cdef size_t i
    for i in range(timings.size()):
        row[0] = <int64_t>timings[i].worker
        row[1] = timings[i].requested.time_since_epoch().count()
        row[2] = timings[i].times.began.time_since_epoch().count()
        row[3] = timings[i].times.read.time_since_epoch().count()
        row[4] = timings[i].times.decoded.time_since_epoch().count()
        row[5] = timings[i].times.resampled.time_since_epoch().count()
        row += 6
    return bytes(packed)


@cython.no_gc_clear
cdef class Stream:
    """Batches in order, in the caller's ring of buffers."""

    cdef Preprocessing preprocessing
    cdef ImageSources images
    cdef list buffers
    cdef unique_ptr[BatchStream] stream
    cdef int owner
    cdef public bint closing
    cdef tuple ready
    cdef object __weakref__

    def __cinit__(self, Preprocessing preprocessing not None, items, decode_external, size_t batch_size,
                  buffers, size_t keep):
        cdef vector[uint8_t*] pointers
        cdef uint8_t[::1] memory
        cdef size_t needed = batch_size * preprocessing.preprocess.get().slot_bytes()
        self.preprocessing = preprocessing
        self.owner = getpid()
        self.images = ImageSources(items, decode_external)
        self.buffers = []
        for memory in buffers:
            if <size_t>memory.shape[0] != needed or needed == 0:
                raise ValueError("a buffer has the wrong size")
            pointers.push_back(&memory[0])
            self.buffers.append(memory)
        if keep < 1 or pointers.size() <= keep:
            raise ValueError("a stream needs more buffers than it keeps")
        self.stream.reset(new BatchStream(
            preprocessing.preprocess.get()[0], preprocessing.idle.get(), self.images.sources,
            self.images.decoder(), batch_size, move(pointers), keep))
        stop_at_exit(self)
        check_not_ending()
        check(self.stream.get().Start())

    def next(self):
        """(first, count, buffer, reports, timings) of the next batch; None at the end or `closing`.

        timings: for each image the worker, and the times in ns when it asked for the buffer, began,
        had read, had decoded, and was done; as int64 [count, 6] in bytes.

        One thread at a time.
        """
        cdef BatchStream* stream = self.stream.get()
        cdef StreamBatch batch
        cdef StreamState state = StreamState.kNotYet
        if self.closing:
            return None
        if self.owner != getpid():
            raise RuntimeError("this stream was made before a fork; make one in this process")
        while not self.closing:
            if self.ready is None:
                with nogil:
                    state = stream.Next(milliseconds(POLL_MS), &batch)
                if state == StreamState.kEnd:
                    return None
                if state == StreamState.kBatch:
                    reports = python_reports(stream.TakeReports())
                    self.ready = (batch.first, batch.count, batch.buffer, reports,
                                  timing_bytes(stream.timings()))
            PyErr_CheckSignals()  # if this raises, the batch stays ready for the next call
            if self.ready is not None:
                part, self.ready = self.ready, None
                return part
        return None

    def close(self):
        """Stops and joins the workers; a thread that is in `next` goes on without them."""
        self.closing = True
        if self.owner != getpid():  # a forked child: there are no threads to join
            return
        if self.stream.get().OnWorker():
            # The garbage collector ran in a call to the foreign decoder: nobody can join himself.
            threading.Thread(target=self.close).start()
        else:
            with nogil:
                self.stream.get().Stop()

    def __dealloc__(self):
        if self.owner != getpid():
            self.stream.release()
        with nogil:
            self.stream.reset()
