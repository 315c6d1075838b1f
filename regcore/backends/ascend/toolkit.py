"""Where Huawei's CANN toolkit is installed."""

from __future__ import annotations

from pathlib import Path

#: Of the driver, and not of the toolkit, which brings an empty one for machines without a device.
DRIVER_LIBRARY = "libascend_hal.so"
DRIVER_FOLDER = "/usr/local/Ascend/driver/lib64/driver"

_ENVIRONMENT_SCRIPTS = (
    "/usr/local/Ascend/ascend-toolkit/set_env.sh",
    "/usr/local/Ascend/cann/set_env.sh",
    "/usr/local/Ascend/ascend-latest/set_env.sh",
)
_HOME_SCRIPT = "Ascend/ascend-toolkit/set_env.sh"


def environment_hint() -> str:
    """Which file to source for CANN's programs and modules, by what is installed here."""
    candidates = [*map(Path, _ENVIRONMENT_SCRIPTS), Path.home() / _HOME_SCRIPT]
    there = [path for path in candidates if path.is_file()]
    if there:
        return f"run this first: source {there[0]}"
    return f"install Huawei's CANN toolkit and source its set_env.sh (usually {candidates[0]})"
