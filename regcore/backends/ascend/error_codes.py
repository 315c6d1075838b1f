"""pyACL's return codes: their names in CANN's headers, and what helps."""

from __future__ import annotations

SUCCESS = 0
INVALID_PARAM = 100000
PARAM_INVALID = 107000
REPEAT_INITIALIZE = 100002
FEATURE_NOT_SUPPORTED = 207000

_LOG = "its log is in ~/ascend/log, or on stdout with ASCEND_SLOG_PRINT_TO_STDOUT=1"
_MEMORY = "npu-smi info shows who uses the memory; smaller batches need less"
_REBUILD = (
    "the .om must be built for this chip, by a CANN that is not newer than the one here: convert "
    "it again"
)
_DRIVER = "npu-smi info must show the device as healthy: see its driver and firmware"

_CODES: dict[int, tuple[str, str]] = {
    100000: ("ACL_ERROR_INVALID_PARAM", ""),
    100001: ("ACL_ERROR_UNINITIALIZE", "something in this process has finalised pyACL"),
    100002: ("ACL_ERROR_REPEAT_INITIALIZE", ""),
    100003: ("ACL_ERROR_INVALID_FILE", ""),
    100011: ("ACL_ERROR_INVALID_MODEL_ID", ""),
    100017: ("ACL_ERROR_MODEL_INPUT_NOT_MATCH", ""),
    100018: ("ACL_ERROR_MODEL_OUTPUT_NOT_MATCH", ""),
    100037: ("ACL_ERROR_REPEAT_FINALIZE", ""),
    107000: ("ACL_ERROR_RT_PARAM_INVALID", ""),
    107001: (
        "ACL_ERROR_RT_INVALID_DEVICEID",
        "npu-smi info lists the devices, counted from 0; a container sees those it was given",
    ),
    107002: (
        "ACL_ERROR_RT_CONTEXT_NULL",
        "something in this process has reset the device, or finalised pyACL",
    ),
    107003: ("ACL_ERROR_RT_STREAM_CONTEXT", ""),
    145002: ("ACL_ERROR_GE_EXEC_MODEL_PATH_INVALID", "see that this user may read the file"),
    145013: (
        "ACL_ERROR_GE_DYNAMIC_BATCH_SIZE_INVALID",
        "the batch is none of those that the .om was converted with",
    ),
    200000: ("ACL_ERROR_BAD_ALLOC", _MEMORY),
    207000: ("ACL_ERROR_RT_FEATURE_NOT_SUPPORT", "a newer CANN may have it"),
    207001: ("ACL_ERROR_RT_MEMORY_ALLOCATION", _MEMORY),
    207004: ("ACL_ERROR_RT_NO_DEVICE", _DRIVER),
    245000: ("ACL_ERROR_GE_MEMORY_ALLOCATION", _MEMORY),
    300000: ("ACL_ERROR_STORAGE_OVER_LIMIT", _MEMORY),
    500000: ("ACL_ERROR_INTERNAL_ERROR", _LOG),
    500002: ("ACL_ERROR_GE_FAILURE", f"{_REBUILD}; {_LOG}"),
    500003: ("ACL_ERROR_RT_FAILURE", _LOG),
    500004: ("ACL_ERROR_DRV_FAILURE", _DRIVER),
    507008: ("ACL_ERROR_RT_SOC_VERSION", _REBUILD),
    507011: ("ACL_ERROR_RT_MODEL_EXECUTE", f"the model failed on the device; {_LOG}"),
    507033: (
        "ACL_ERROR_RT_DEV_SETUP_ERROR",
        "this user must be in the group of /dev/davinci*, and no other container may hold it",
    ),
    507046: ("ACL_ERROR_RT_STREAM_SYNC_TIMEOUT", _DRIVER),
    507899: ("ACL_ERROR_RT_DRV_INTERNAL_ERROR", _DRIVER),
    545001: ("ACL_ERROR_GE_LOAD_MODEL", _REBUILD),
}


def explain(code: int) -> tuple[str, str]:
    """The code with its name, and what to do, which may be nothing."""
    name, advice = _CODES.get(code, ("", ""))
    return f"{code} {name}".rstrip(), advice
