# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The binding of image sources: a caller's images, and what Python does for the core with them."""

import os

cimport cython
from cpython.buffer cimport (
    PyBUF_STRIDED_RO, PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer
)

from regcore._native.status cimport StatusCode

from regcore.errors import DecodeError, RegcoreError


cdef extern from "python_thread.h" namespace "regcore" nogil:
    void KeepPythonThread "regcore::PythonThread::Keep"()


def that_reach(items, size_t begin, size_t end):
    """Places of the items whose memory, which others may write, has bytes between two addresses."""
    cdef Py_buffer memory
    cdef size_t low, high
    cdef Py_ssize_t size
    cdef int side
    found = []
    for place, item in enumerate(items):
        # Nobody may write into bytes.
        if isinstance(item, (str, bytes)) or not PyObject_CheckBuffer(item):
            continue
        PyObject_GetBuffer(item, &memory, PyBUF_STRIDED_RO)
        low = <size_t>memory.buf
        high = low + memory.itemsize
        size = 1
        for side in range(memory.ndim):
            size *= memory.shape[side]
            if memory.strides[side] < 0:
                low += (memory.shape[side] - 1) * memory.strides[side]
            else:
                high += (memory.shape[side] - 1) * memory.strides[side]
        PyBuffer_Release(&memory)
        if size > 0 and low < end and begin < high:
            found.append(place)
    return found


class ClippedPixels:
    """Pixels of an image of which whoever made them clipped values of more than 8 bits."""

    __slots__ = ("pixels",)

    def __init__(self, pixels):
        self.pixels = pixels


@cython.no_gc_clear  # workers read the items until the job has ended
cdef class ImageSources:
    """A list of images as csrc reads it, and everything that must live as long."""

    def __cinit__(self, items, decode_external, channels=(3,)):
        """channels: how many the pixels of an item may have."""
        cdef ImageSource source
        cdef const uint8_t[::1] encoded
        cdef Py_buffer pixels
        items = list(items)
        self.alive = []
        self.on_demand = {}
        self.fetched = {}
        paths = {}  # many parts of one file have one
        self.decode_external = decode_external
        self.sources.reserve(len(items))
        for item in items:
            source = ImageSource()
            if isinstance(item, str):
                path = os.fsencode(item)
                source.path = path
                self.alive.append(path)
            elif isinstance(item, tuple):  # a FilePart
                path = paths.get(item[0])
                if path is None:
                    path = paths[item[0]] = os.fsencode(item[0])
                    self.alive.append(path)
                source.path = path
                source.is_part = True
                source.part.offset = item[1]
                source.part.bytes = item[2]
            elif hasattr(item, "read"):  # an ImageOnDemand
                source.on_demand = True
                self.on_demand[self.sources.size()] = item
            elif isinstance(item, (bytes, bytearray, memoryview)):
                encoded = item
                if encoded.shape[0] > 0:
                    source.data = &encoded[0]
                source.size = encoded.shape[0]
                self.alive.append(encoded)
            else:
                if isinstance(item, ClippedPixels):
                    source.clipped = True
                    item = item.pixels
                PyObject_GetBuffer(item, &pixels, PyBUF_STRIDED_RO)
                self.arrays.push_back(pixels)
                if pixels.ndim != 3 or pixels.itemsize != 1 or pixels.shape[2] not in channels:
                    raise ValueError("pixels have another number of channels")
                if pixels.strides[2] != 1 or pixels.strides[1] != pixels.shape[2]:
                    raise ValueError("pixels must lie in contiguous rows")
                if not 0 < pixels.shape[0] < 2**31 or not 0 < pixels.shape[1] < 2**29:
                    raise ValueError("an image must have pixels")
                source.data = <const uint8_t*>pixels.buf
                source.height = <int>pixels.shape[0]
                source.width = <int>pixels.shape[1]
                source.stride = pixels.strides[0]
            self.sources.push_back(source)

    def __dealloc__(self):
        cdef size_t i
        for i in range(self.arrays.size()):
            PyBuffer_Release(&self.arrays[i])

    cdef ExternalDecoder decoder(self):
        cdef ExternalDecoder decoder
        decoder.decode = decode_externally
        decoder.fetch = fetch
        decoder.release = release
        decoder.context = <void*>self
        return decoder


class DecodeRefused(Exception):
    """The core does not take the image of an external decoder; it knows why."""


cdef class DecodeTarget:
    """Where an external decoder puts its pixels; only while it is at work."""

    cdef ExternalImage* image
    cdef Status refusal

    cdef int check(self, const Status& status) except -1:
        if status.ok():
            return 0
        self.refusal = status
        raise DecodeRefused

    cdef int check_open(self) except -1:
        if self.image == NULL:
            raise ValueError("the image is complete")
        return 0

    def encoded(self):
        """A copy of the encoded image, as it was read."""
        self.check_open()
        return (<const char*>self.image.bytes())[:self.image.size()]

    def reserve(self, int width, int height, size_t bytes_per_pixel):
        """To be called before anything is decoded; may wait for memory. Raises DecodeRefused."""
        cdef Status status
        self.check_open()
        with nogil:
            status = self.image.Reserve(width, height, bytes_per_pixel)
        self.check(status)

    def pixels(self, int width, int height):
        """Memory for height x width x channels values, at most as many pixels as reserved."""
        cdef uint8_t* data = NULL
        self.check_open()
        self.check(self.image.Allocate(width, height, &data))
        return <uint8_t[:height, :width, :self.image.channels()]>data


cdef Status decode_externally(void* context, size_t index, ExternalImage* image) noexcept with gil:
    """Lets Python decode one item. Without memory for words this returns ok, but not complete."""
    cdef ImageSources sources = <ImageSources>context
    cdef DecodeTarget target = None
    try:
        target = DecodeTarget()
        target.image = image
        image.orientation, image.clipped = sources.decode_external(target.encoded(), target)
        image.complete = True
        return Status()
    except DecodeRefused:
        return target.refusal
    except MemoryError:
        return Status(StatusCode.kOutOfMemory, b"out of memory")
    except RegcoreError as error:
        return Status(StatusCode.kEnvironment, str(error).encode("utf-8", "replace"))
    except BaseException as error:
        words = str(error) or type(error).__name__
        return Status(StatusCode.kExternal, words.encode("utf-8", "replace"))
    finally:
        if target is not None:
            target.image = NULL


cdef Status fetch(void* context, size_t index, const uint8_t** data, size_t* size) noexcept nogil:
    KeepPythonThread()
    return read_on_demand(context, index, data, size)


cdef Status read_on_demand(
    void* context, size_t index, const uint8_t** data, size_t* size
) noexcept with gil:
    """Has the bytes of an image on demand read, and holds them until `release`."""
    cdef ImageSources sources = <ImageSources>context
    cdef const uint8_t[::1] encoded
    try:
        encoded = sources.on_demand[index].read()
        sources.fetched[index] = encoded
        if encoded.shape[0] > 0:
            data[0] = &encoded[0]
        size[0] = encoded.shape[0]
        return Status()
    except DecodeError as error:
        return Status(StatusCode.kIo, error.detail.encode("utf-8", "replace"))
    except MemoryError:
        return Status(StatusCode.kOutOfMemory, b"out of memory")
    except RegcoreError as error:
        return Status(StatusCode.kEnvironment, str(error).encode("utf-8", "replace"))
    except BaseException as error:
        words = str(error) or type(error).__name__
        return Status(StatusCode.kIo, words.encode("utf-8", "replace"))


cdef void release(void* context, size_t index) noexcept with gil:
    """Lets the bytes of an image on demand go."""
    (<ImageSources>context).fetched.pop(index, None)
