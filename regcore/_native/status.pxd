# What the bindings share: csrc's Status as an exception, and the SIMD level.

from libc.stdlib cimport getenv
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector


cdef extern from "base/status.h" namespace "regcore" nogil:
    cdef enum class StatusCode:
        kOk
        kIo
        kOutput
        kOutOfMemory
        kEnvironment
        kExternal

    cdef cppclass Status:
        Status()
        Status(StatusCode, string)
        cbool ok()
        StatusCode code()
        const string& message()


cdef extern from "base/simd_level.h" namespace "regcore" nogil:
    cdef enum class SimdLevel:
        kPortable

    const char* SimdName(SimdLevel)
    vector[SimdLevel] SupportedSimdLevels()
    Status ResolveSimdLevel(const char*, SimdLevel*)


cdef inline int check(const Status& status) except -1:
    if status.ok():
        return 0
    message = status.message().decode("utf-8", "replace")
    if status.code() == StatusCode.kOutOfMemory:
        raise MemoryError(message)
    if status.code() == StatusCode.kOutput:
        raise OSError(message)
    raise RuntimeError(message)


cdef inline SimdLevel resolve_level() except *:
    """The level that REGCORE_SIMD asks for, or the best of this machine."""
    cdef SimdLevel level = SimdLevel.kPortable
    cdef string forced
    if getenv("REGCORE_SIMD") != NULL:
        forced = getenv("REGCORE_SIMD")
    cdef Status status = ResolveSimdLevel(forced.c_str(), &level)
    if not status.ok():
        raise ValueError(status.message().decode("utf-8", "replace"))
    return level
