"""The log of trtexec, of TensorRT 7 to 11, as a typed result."""

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

__all__ = [
    "CONDITIONS",
    "ROWS",
    "Found",
    "Row",
    "TrtexecResult",
    "banner_version",
    "incomparable",
    "looks_like_trtexec",
    "parse_trtexec_log",
    "read_trtexec_log",
]
