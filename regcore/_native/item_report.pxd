# What csrc tells of an image that failed, or in which something was noticed.

from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector

from regcore._native.status cimport Status, StatusCode, check


cdef extern from "preprocess/item_report.h" namespace "regcore" nogil:
    cdef struct Diagnostics:
        size_t warnings
        string first_warning
        int orientation
        cbool clipped

    cdef struct ItemReport:
        size_t index
        Status status
        Diagnostics diagnostics


cdef inline int check_environment(const vector[ItemReport]& reports) except -1:
    """Raises where not an image but the environment is to blame."""
    cdef size_t i
    for i in range(reports.size()):
        if reports[i].status.code() in (StatusCode.kEnvironment, StatusCode.kOutOfMemory):
            check(reports[i].status)
    return 0
