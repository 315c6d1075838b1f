# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The seam to the kernels on scores: checks, takes pointers, runs without the GIL."""

from libc.stdint cimport int64_t


cdef extern from "topk.h" namespace "regcore" nogil:
    void TopK(const float*, size_t, size_t, size_t, float*, int64_t*)


def topk(const float[:, ::1] scores not None, float[:, ::1] values not None,
         int64_t[:, ::1] indices not None):
    cdef size_t rows = scores.shape[0]
    cdef size_t classes = scores.shape[1]
    cdef size_t k = values.shape[1]
    if not 1 <= k <= classes or indices.shape[1] != values.shape[1]:
        raise ValueError("k must be at least 1 and at most the number of classes")
    if values.shape[0] != scores.shape[0] or indices.shape[0] != scores.shape[0]:
        raise ValueError("results need one row per row of scores")
    if rows == 0:
        return
    with nogil:
        TopK(&scores[0, 0], rows, classes, k, &values[0, 0], &indices[0, 0])
