# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The binding of whole pictures: checks arguments, releases the GIL, reports failures."""

from libc.stdint cimport int64_t, uint8_t
from libcpp.memory cimport unique_ptr
from libcpp.utility cimport move
from libcpp.vector cimport vector
from posix.unistd cimport getpid

from regcore._native.item_report cimport ItemReport, check_environment
from regcore._native.preprocess_spec cimport DecodeLimits, Filter, PassOrder
from regcore._native.sources cimport ExternalDecoder, ImageSource, ImageSources
from regcore._native.status cimport SimdLevel, Status, check, resolve_level
from regcore._native.wait cimport Waitable, finish

from regcore._native import choices
from regcore._native.pipeline import check_not_ending, stop_at_exit


cdef extern from "base/aligned_buffer.h" namespace "regcore" nogil:
    cdef cppclass AlignedBuffer:
        uint8_t* data()


cdef extern from "resize/resize_geometry.h" namespace "regcore" nogil:
    cdef cppclass ResizeRequest:
        int width
        int height
        Filter filter
        PassOrder order
        bint has_box
        double[4] box
        double reducing_gap


cdef extern from "resize/band.h" namespace "regcore" nogil:
    cdef cppclass ResultView:
        uint8_t* data
        ptrdiff_t stride


cdef extern from "resize/picture_job.h" namespace "regcore" nogil:
    cdef cppclass PictureTask:
        PictureTask()
        ImageSource source
        int channels
        bint upright
        ResizeRequest request
        ResultView out

    cdef cppclass DecodedPicture:
        AlignedBuffer pixels
        int width
        int height

    cdef cppclass PictureJob(Waitable):
        PictureJob(DecodeLimits, SimdLevel, size_t) except +
        Status StartResize(vector[PictureTask], ExternalDecoder) except +
        Status StartDecode(vector[PictureTask], ExternalDecoder) except +
        void Stop()
        vector[ItemReport] TakeReports() except +
        vector[DecodedPicture] TakeDecoded()


cdef dict FILTERS = dict(zip(choices.RESIZE_FILTERS, (
    <int>Filter.kBox, <int>Filter.kBilinear, <int>Filter.kHamming, <int>Filter.kBicubic,
    <int>Filter.kLanczos, <int>Filter.kNearest, <int>Filter.kMks2013, <int>Filter.kMks2021
), strict=True))
cdef dict PASS_ORDERS = dict(zip(choices.PASS_ORDERS, (
    <int>PassOrder.kPillow9, <int>PassOrder.kPillow13
), strict=True))
cdef tuple CHANNELS = (1, 3, 4)


cdef class Pixels:
    """The memory of a decoded picture, [height, width, channels] of bytes, by the buffer protocol."""

    cdef AlignedBuffer memory
    cdef Py_ssize_t[3] shape
    cdef Py_ssize_t[3] strides

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        buffer.buf = self.memory.data()
        buffer.obj = self
        buffer.len = self.shape[0] * self.strides[0]
        buffer.readonly = 0
        buffer.itemsize = 1
        buffer.format = b"B"
        buffer.ndim = 3
        buffer.shape = self.shape
        buffer.strides = self.strides
        buffer.suboffsets = NULL
        buffer.internal = NULL

    def __releasebuffer__(self, Py_buffer* buffer):
        pass


cdef Pixels pixels_of(DecodedPicture& picture, int channels):
    cdef Pixels pixels = Pixels()
    pixels.memory = move(picture.pixels)
    pixels.shape[0] = picture.height
    pixels.shape[1] = picture.width
    pixels.shape[2] = channels
    pixels.strides[0] = <Py_ssize_t>picture.width * channels
    pixels.strides[1] = channels
    pixels.strides[2] = 1
    return pixels


cdef class PictureWorkers:
    """Threads that resize and decode lists of pictures, one list at a time."""

    cdef unique_ptr[PictureJob] job
    cdef bint closed
    cdef int owner  # the process in which the threads run
    cdef object __weakref__

    def __cinit__(self, *, size_t workers, size_t max_file_bytes, int64_t max_pixels, size_t max_scans):
        cdef DecodeLimits limits
        limits.file_bytes = max_file_bytes
        limits.pixels = max_pixels
        limits.scans = max_scans
        check_not_ending()
        self.owner = getpid()
        self.job.reset(new PictureJob(limits, resolve_level(), workers))
        stop_at_exit(self)

    def resize(self, items, decode_external, channels, outs, boxes, *, filter, pass_order,
               double reducing_gap, bint upright):
        """Writes each item, of so many channels, into its array of `outs` [height, width, channels].

        upright: whether EXIF orientations are undone first. boxes: None or four numbers for each. reducing_gap: 0 is none. Returns (index, words) of
        those that failed.
        """
        cdef ImageSources listed = ImageSources(items, decode_external, CHANNELS)
        cdef vector[PictureTask] tasks = self.tasks_for(listed, channels, upright)
        cdef uint8_t[:, :, ::1] out
        cdef size_t i
        if len(outs) != <Py_ssize_t>tasks.size() or len(boxes) != <Py_ssize_t>tasks.size():
            raise ValueError("as many results and boxes as items are needed")
        held = []
        for i in range(tasks.size()):
            out = outs[i]
            if out.shape[2] != tasks[i].channels or out.shape[0] < 1 or out.shape[1] < 1:
                raise ValueError("a result has the wrong shape")
            held.append(out)
            tasks[i].out.data = &out[0, 0, 0]
            tasks[i].out.stride = out.strides[0]
            tasks[i].request.height = <int>out.shape[0]
            tasks[i].request.width = <int>out.shape[1]
            tasks[i].request.filter = <Filter><int>FILTERS[filter]
            tasks[i].request.order = <PassOrder><int>PASS_ORDERS[pass_order]
            tasks[i].request.reducing_gap = reducing_gap
            if boxes[i] is not None:
                tasks[i].request.has_box = True
                for c in range(4):
                    tasks[i].request.box[c] = boxes[i][c]
        check(self.job.get().StartResize(move(tasks), listed.decoder()))
        return self.finish()

    def decode(self, items, decode_external, channels, *, bint upright):
        """(pictures, failures): a Pixels for each item, and (index, words) of those that failed."""
        cdef ImageSources listed = ImageSources(items, decode_external, CHANNELS)
        cdef vector[PictureTask] tasks = self.tasks_for(listed, channels, upright)
        cdef vector[DecodedPicture] decoded
        cdef size_t i
        check(self.job.get().StartDecode(move(tasks), listed.decoder()))
        failures = self.finish()
        decoded = self.job.get().TakeDecoded()
        return [pixels_of(decoded[i], channels[i]) for i in range(decoded.size())], failures

    cdef vector[PictureTask] tasks_for(self, ImageSources listed, channels, bint upright) except *:
        cdef vector[PictureTask] tasks
        cdef PictureTask task
        cdef size_t i
        if self.owner != getpid():
            raise RuntimeError("created before a fork; create it anew")
        check_not_ending()
        if len(channels) != <Py_ssize_t>listed.sources.size():
            raise ValueError("as many numbers of channels as items are needed")
        for i in range(listed.sources.size()):
            task.source = listed.sources[i]
            task.channels = channels[i]
            task.upright = upright
            if task.channels not in CHANNELS:
                raise ValueError("a picture has 1, 3 or 4 channels")
            tasks.push_back(task)
        return tasks

    cdef list finish(self):
        cdef vector[ItemReport] reports
        finish(self.job.get(), None)
        if self.closed:
            raise RuntimeError("the interpreter ended while images were in work")
        reports = self.job.get().TakeReports()
        check_environment(reports)
        return [(r.index, r.status.message().decode("utf-8", "replace")) for r in reports]

    def close(self):
        """Cancels a call that another thread makes, which then raises, and ends the threads."""
        self.closed = True
        if self.owner == getpid():
            with nogil:
                self.job.get().Stop()

    def __dealloc__(self):
        if self.owner != getpid():  # a forked child: there are no threads to join
            self.job.release()
        # Joining threads that may want the GIL must not hold it.
        with nogil:
            self.job.reset()
