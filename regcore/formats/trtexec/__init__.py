"""The log of trtexec, of TensorRT 7 to 11, or its file of times, as a typed result."""

from regcore.formats.trtexec.log import (
    banner_version,
    looks_like_trtexec,
    parse_trtexec_log,
    read_trtexec_log,
)
from regcore.formats.trtexec.result import (
    CONDITIONS,
    ROWS,
    Found,
    Row,
    TrtexecResult,
    incomparable,
)
from regcore.formats.trtexec.times import looks_like_times

__all__ = [
    "CONDITIONS",
    "ROWS",
    "Found",
    "Row",
    "TrtexecResult",
    "banner_version",
    "incomparable",
    "looks_like_times",
    "looks_like_trtexec",
    "parse_trtexec_log",
    "read_trtexec_log",
]
