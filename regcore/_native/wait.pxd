# The loop in which a Python thread waits for the threads of csrc.

from cpython.exc cimport PyErr_CheckSignals
from libcpp cimport bool as cbool


cdef extern from "<chrono>" namespace "std::chrono" nogil:
    cdef cppclass milliseconds:
        milliseconds(long)


cdef extern from "base/waitable.h" namespace "regcore" nogil:
    cdef cppclass Waitable:
        cbool WaitFor(milliseconds)
        void Cancel()


cdef enum:
    # How long the main thread waits before it looks for Ctrl-C, in ms.
    POLL_MS = 50


cdef inline int finish(Waitable* work, poll) except -1:
    """Returns when the work has ended. `poll` may be None; it is called about every POLL_MS, and
    what it returns, if true, cancels the work. So does any exception, which goes on once nothing
    runs any more."""
    cdef cbool ended = False
    while not ended:
        with nogil:
            ended = work.WaitFor(milliseconds(POLL_MS))
        try:
            PyErr_CheckSignals()
            if poll is not None and poll():
                work.Cancel()
        except BaseException:
            work.Cancel()
            with nogil:
                while not work.WaitFor(milliseconds(POLL_MS)):
                    pass
            raise
    return 0
