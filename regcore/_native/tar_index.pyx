# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The binding of the index of tar archives."""

import os
from array import array

from libc.stdint cimport int64_t, uint64_t
from libcpp.string cimport string
from libcpp.vector cimport vector

from regcore._native.sources cimport FileRange
from regcore._native.status cimport Status, check


cdef extern from "files/tar_index.h" namespace "regcore" nogil:
    cdef cppclass TarMember:
        string name
        FileRange range
        char type

    cdef cppclass TarIndex:
        vector[TarMember] members
        string damage

    Status IndexTar(const char*, TarIndex*)


def index_tar(path):
    """(names, offsets, sizes, types, damage) of the members that are no folders.

    offsets, sizes: int64, in bytes; types: one character each, '0' for an ordinary file. damage:
    why there may be more members; empty where there are not. Raises RuntimeError with the
    system's words where the archive cannot be read.
    """
    cdef TarIndex index
    cdef Status status
    cdef bytes encoded = os.fsencode(path)
    cdef const char* name = encoded
    cdef size_t i
    with nogil:
        status = IndexTar(name, &index)
    check(status)
    cdef list names = []
    cdef size_t count = index.members.size()
    cdef bytearray types = bytearray(count)
    offsets, sizes = array("q", bytes(8 * count)), array("q", bytes(8 * count))
    cdef int64_t[::1] to_offsets = offsets
    cdef int64_t[::1] to_sizes = sizes
    for i in range(count):
        names.append((<bytes>index.members[i].name).decode("utf-8", "surrogateescape"))
        to_offsets[i] = <int64_t>index.members[i].range.offset
        to_sizes[i] = <int64_t>index.members[i].range.bytes
        types[i] = <unsigned char>index.members[i].type
    damage = (<bytes>index.damage).decode("utf-8", "replace")
    return names, offsets, sizes, types.decode("latin-1"), damage
