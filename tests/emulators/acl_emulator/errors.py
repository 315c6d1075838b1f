"""pyACL's return codes, and how the inside of the emulator says that a call fails."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """Names as in CANN's headers, without ACL_ERROR_."""

    SUCCESS = 0
    INVALID_PARAM = 100000
    UNINITIALIZE = 100001
    REPEAT_INITIALIZE = 100002
    INVALID_FILE = 100003
    INVALID_MODEL_ID = 100011
    MODEL_INPUT_NOT_MATCH = 100017
    MODEL_OUTPUT_NOT_MATCH = 100018
    REPEAT_FINALIZE = 100037
    BAD_ALLOC = 200000
    RT_PARAM_INVALID = 107000
    RT_INVALID_DEVICEID = 107001
    RT_CONTEXT_NULL = 107002
    RT_STREAM_CONTEXT = 107003
    RT_FEATURE_NOT_SUPPORT = 207000
    RT_MEMORY_ALLOCATION = 207001
    RT_NO_EVENT_RESOURCE = 207007
    RT_MODEL_EXECUTE = 507011
    RT_DRV_INTERNAL = 507899
    GE_EXEC_MODEL_PATH_INVALID = 145002
    GE_DYNAMIC_BATCH_SIZE_INVALID = 145013
    GE_LOAD_MODEL = 545001


class AclError(Exception):
    """A call, or later its task on a stream, fails with `code`.

    rule: whether the caller broke a rule, so that a test of it must fail even if nobody looks at
        the return code.
    """

    def __init__(self, code: int, message: str, *, rule: bool = True) -> None:
        super().__init__(message)
        self.code = int(code)
        self.rule = rule


def inject(fault: int | None) -> None:
    """Fails with the code of an injected fault, where there is one."""
    if fault is not None:
        raise AclError(fault, "injected fault", rule=False)
