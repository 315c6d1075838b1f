# Image sources, and the part of csrc that sources.pyx uses.

from libc.stdint cimport uint8_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.vector cimport vector

from regcore._native.status cimport Status


cdef extern from "files/file_range.h" namespace "regcore" nogil:
    cdef cppclass FileRange:
        uint64_t offset
        size_t bytes


cdef extern from "preprocess/image_source.h" namespace "regcore" nogil:
    cdef cppclass ImageSource:
        ImageSource()
        const char* path
        cbool is_part
        FileRange part
        cbool on_demand
        const uint8_t* data
        size_t size
        int width
        int height
        ptrdiff_t stride
        cbool clipped


cdef extern from "preprocess/external_decoder.h" namespace "regcore" nogil:
    cdef cppclass ExternalImage:
        const uint8_t* bytes()
        size_t size()
        int channels()
        Status Reserve(int, int, size_t)
        Status Allocate(int, int, uint8_t**)
        int orientation
        cbool clipped
        cbool complete

    cdef cppclass ExternalDecoder:
        ExternalDecoder()
        Status (*decode)(void*, size_t, ExternalImage*) noexcept
        Status (*fetch)(void*, size_t, const uint8_t**, size_t*) noexcept
        void (*release)(void*, size_t) noexcept
        void* context


cdef class ImageSources:
    cdef vector[ImageSource] sources
    cdef list alive
    cdef vector[Py_buffer] arrays
    cdef dict on_demand
    cdef dict fetched
    cdef object decode_external

    cdef ExternalDecoder decoder(self)
