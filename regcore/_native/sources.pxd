# Image sources, and the part of csrc that sources.pyx uses.

from libc.stdint cimport uint8_t
from libcpp cimport bool as cbool
from libcpp.vector cimport vector

from regcore._native.status cimport Status


cdef extern from "preprocess/image_source.h" namespace "regcore" nogil:
    cdef cppclass ImageSource:
        ImageSource()
        const char* path
        const uint8_t* data
        size_t size
        int width
        int height
        ptrdiff_t stride


cdef extern from "preprocess/external_decoder.h" namespace "regcore" nogil:
    cdef cppclass ExternalImage:
        const uint8_t* bytes()
        size_t size()
        Status Reserve(int, int, size_t)
        Status Allocate(int, int, uint8_t**)
        int orientation
        cbool complete

    cdef cppclass ExternalDecoder:
        ExternalDecoder()
        Status (*decode)(void*, size_t, ExternalImage*) noexcept
        void* context


cdef class ImageSources:
    cdef vector[ImageSource] sources
    cdef list alive
    cdef object decode_external

    cdef ExternalDecoder decoder(self)
