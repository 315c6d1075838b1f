"""pyACL's return codes: their names in CANN's headers, and what helps."""

from __future__ import annotations

SUCCESS = 0
INVALID_PARAM = 100000
PARAM_INVALID = 107000
REPEAT_INITIALIZE = 100002
FEATURE_NOT_SUPPORTED = 207000

#: For how many ms a process waits at its end for the device's own log.
LOG_FLUSH = "ASCEND_LOG_DEVICE_FLUSH_TIMEOUT"
_LOG = (
    "its log is in ~/ascend/log, or on stdout with ASCEND_SLOG_PRINT_TO_STDOUT=1; "
    f"{LOG_FLUSH}=2000 brings the device's own"
)
_MEMORY = (
    "npu-smi info shows who uses the memory; smaller batches need less, and --copies 1 half of it"
)
_REBUILD = (
    "the .om must be built for this chip, by a CANN that is not newer than the one here: convert "
    "it again"
)
_SHARED = "other processes, or other models of this one, use up what the device has of it"
_ABORTED = "something in this process has aborted the device's work"
_CORE = f"an operator of the model failed on the device's cores; {_LOG}"
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
    107020: ("ACL_ERROR_RT_TASK_TIMEOUT", _DRIVER),
    107022: ("ACL_ERROR_RT_DEVICE_TASK_ABORT", _ABORTED),
    107023: ("ACL_ERROR_RT_STREAM_ABORT", _ABORTED),
    145002: ("ACL_ERROR_GE_EXEC_MODEL_PATH_INVALID", "see that this user may read the file"),
    145003: ("ACL_ERROR_GE_EXEC_MODEL_ID_INVALID", ""),
    145013: (
        "ACL_ERROR_GE_DYNAMIC_BATCH_SIZE_INVALID",
        "the batch is none of those that the .om was converted with",
    ),
    200000: ("ACL_ERROR_BAD_ALLOC", _MEMORY),
    207000: ("ACL_ERROR_RT_FEATURE_NOT_SUPPORT", "a newer CANN may have it"),
    207001: ("ACL_ERROR_RT_MEMORY_ALLOCATION", _MEMORY),
    207004: ("ACL_ERROR_RT_NO_DEVICE", _DRIVER),
    207005: ("ACL_ERROR_RT_RESOURCE_ALLOC_FAIL", _SHARED),
    207007: ("ACL_ERROR_RT_NO_EVENT_RESOURCE", _SHARED),
    207008: ("ACL_ERROR_RT_NO_STREAM_RESOURCE", _SHARED),
    207010: ("ACL_ERROR_RT_NO_MODEL_RESOURCE", _SHARED),
    207018: ("ACL_ERROR_RT_DEVICE_OOM", _MEMORY),
    245000: ("ACL_ERROR_GE_MEMORY_ALLOCATION", _MEMORY),
    300000: ("ACL_ERROR_STORAGE_OVER_LIMIT", _MEMORY),
    500000: ("ACL_ERROR_INTERNAL_ERROR", _LOG),
    500002: ("ACL_ERROR_GE_FAILURE", f"{_REBUILD}; {_LOG}"),
    500003: ("ACL_ERROR_RT_FAILURE", _LOG),
    500004: ("ACL_ERROR_DRV_FAILURE", _DRIVER),
    507008: ("ACL_ERROR_RT_SOC_VERSION", _REBUILD),
    507011: ("ACL_ERROR_RT_MODEL_EXECUTE", f"the model failed on the device; {_LOG}"),
    507014: ("ACL_ERROR_RT_AICORE_TIMEOUT", _CORE),
    507015: ("ACL_ERROR_RT_AICORE_EXCEPTION", _CORE),
    507018: ("ACL_ERROR_RT_AICPU_EXCEPTION", _CORE),
    507033: (
        "ACL_ERROR_RT_DEV_SETUP_ERROR",
        "this user must be in the group of /dev/davinci*, and no other container may hold it",
    ),
    507034: ("ACL_ERROR_RT_VECTOR_CORE_TIMEOUT", _CORE),
    507046: ("ACL_ERROR_RT_STREAM_SYNC_TIMEOUT", _DRIVER),
    507054: (
        "ACL_ERROR_RT_HBM_MULTI_BIT_ECC_ERROR",
        "the device's memory is broken: npu-smi info -t ecc -i 0 counts such errors",
    ),
    507899: ("ACL_ERROR_RT_DRV_INTERNAL_ERROR", _DRIVER),
    545001: ("ACL_ERROR_GE_LOAD_MODEL", _REBUILD),
    545601: ("ACL_ERROR_GE_EXECUTE_TIMEOUT", _DRIVER),
}


def explain(code: int) -> tuple[str, str]:
    """The code with its name, and what to do, which may be nothing."""
    name, advice = _CODES.get(code, ("", ""))
    return f"{code} {name}".rstrip(), advice
