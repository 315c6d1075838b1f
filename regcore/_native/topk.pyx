# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The binding of the kernels on scores: checks arguments and releases the GIL."""

from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp cimport bool as cbool
from libcpp.memory cimport unique_ptr

from regcore._native.status cimport SimdLevel, Status, check, resolve_level
from regcore._native.wait cimport Waitable, finish


cdef extern from "scores/row_search/score_rows.h" namespace "regcore" nogil:
    cdef enum class ScoreType:
        kFloat32
        kFloat16
        kBfloat16
        kInt8
        kUint8

    cdef struct Scores:
        const uint8_t* data
        ptrdiff_t stride
        size_t rows
        size_t classes
        ScoreType type


cdef extern from "scores/parallel_topk.h" namespace "regcore" nogil:
    cdef cppclass ParallelRows(Waitable):
        ParallelRows(size_t, size_t, size_t) except +

    cdef cppclass TopK:
        TopK(const Scores&, size_t, SimdLevel)

    cdef struct LabelRanks:
        int32_t* above
        int32_t* ties_before
        int32_t* ties_after
        int32_t* nan

    cdef struct Ties:
        cbool lower_indices
        cbool higher_indices

    void CountRanks(const LabelRanks&, size_t, Ties, size_t, int64_t*, int64_t*, int64_t*)

    Status StartTopK(const TopK&, uint8_t*, int64_t*, ParallelRows*) except +
    Status StartFindLabelRanks(const Scores&, const int64_t*, SimdLevel,
                                const LabelRanks&, ParallelRows*) except +


# By dtype: the type in csrc, the bytes of a score, and the bytes of a value in the results.
TYPES = {
    "float32": (<int>ScoreType.kFloat32, 4, 4),
    "float16": (<int>ScoreType.kFloat16, 2, 2),
    "bfloat16": (<int>ScoreType.kBfloat16, 2, 4),
    "int8": (<int>ScoreType.kInt8, 1, 1),
    "uint8": (<int>ScoreType.kUint8, 1, 1),
}


cdef Scores as_scores(const uint8_t[:, :] rows, int type, size_t item_bytes) except *:
    """The memory of at least one row, whose scores lie side by side."""
    cdef Scores scores
    if rows.strides[1] != 1 or rows.shape[1] % item_bytes != 0:
        raise ValueError("the scores of a row must lie side by side")
    scores.data = &rows[0, 0]
    scores.stride = rows.strides[0]
    scores.rows = rows.shape[0]
    scores.classes = rows.shape[1] // item_bytes
    scores.type = <ScoreType>type
    if scores.classes >= 2**31:
        raise ValueError("too many classes")
    return scores


def topk(const uint8_t[:, :] rows not None, str dtype not None, uint8_t[:, ::1] values not None,
         int64_t[:, ::1] indices not None, size_t workers):
    cdef int type
    cdef size_t item_bytes, value_bytes
    cdef Scores scores
    cdef size_t k = indices.shape[1]
    cdef unique_ptr[TopK] topk
    cdef unique_ptr[ParallelRows] blocks
    type, item_bytes, value_bytes = TYPES[dtype]
    if rows.shape[0] == 0:
        return
    scores = as_scores(rows, type, item_bytes)
    if not 1 <= k <= scores.classes or <size_t>values.shape[1] != k * value_bytes:
        raise ValueError("k must be at least 1 and at most the number of classes")
    if values.shape[0] != rows.shape[0] or indices.shape[0] != rows.shape[0]:
        raise ValueError("results need one row per row of scores")
    topk.reset(new TopK(scores, k, resolve_level()))
    blocks.reset(new ParallelRows(scores.rows, scores.classes * item_bytes, workers))
    check(StartTopK(topk.get()[0], &values[0, 0], &indices[0, 0], blocks.get()))
    finish(blocks.get(), None)


def label_places(const uint8_t[:, :] rows not None, str dtype not None,
                 const int64_t[::1] labels not None, int32_t[:, ::1] places not None,
                 size_t workers):
    cdef int type
    cdef size_t item_bytes
    cdef Scores scores
    cdef Py_ssize_t i
    cdef LabelRanks found
    cdef unique_ptr[ParallelRows] blocks
    type, item_bytes, _ = TYPES[dtype]
    if rows.shape[0] == 0:
        return
    scores = as_scores(rows, type, item_bytes)
    if labels.shape[0] != rows.shape[0] or places.shape[1] != rows.shape[0] or places.shape[0] != 4:
        raise ValueError("labels and results need one place per row of scores")
    for i in range(labels.shape[0]):
        if not 0 <= labels[i] < <int64_t>scores.classes:
            raise ValueError("a label is no class")
    found.above, found.ties_before = &places[0, 0], &places[1, 0]
    found.ties_after, found.nan = &places[2, 0], &places[3, 0]
    blocks.reset(new ParallelRows(scores.rows, scores.classes * item_bytes, workers))
    check(StartFindLabelRanks(scores, &labels[0], resolve_level(), found, blocks.get()))
    finish(blocks.get(), None)


def count_ranks(int32_t[::1] above not None, int32_t[::1] ties_before not None,
                int32_t[::1] ties_after not None, int32_t[::1] nan not None,
                bint lower_indices, bint higher_indices, int64_t[::1] hits not None):
    cdef size_t rows = above.shape[0]
    cdef int64_t tied_rows = 0
    cdef int64_t nan_rows = 0
    cdef LabelRanks found
    cdef Ties ties
    if rows == 0:
        return 0, 0
    if not above.shape[0] == ties_before.shape[0] == ties_after.shape[0] == nan.shape[0]:
        raise ValueError("places need one number each per row")
    if hits.shape[0] == 0:
        raise ValueError("hits need one place more than ranks are counted")
    found.above, found.ties_before = &above[0], &ties_before[0]
    found.ties_after, found.nan = &ties_after[0], &nan[0]
    ties.lower_indices, ties.higher_indices = lower_indices, higher_indices
    with nogil:
        CountRanks(found, rows, ties, hits.shape[0] - 1, &hits[0], &tied_rows, &nan_rows)
    return tied_rows, nan_rows
