"""What the core runs on: instruction set, processors, libraries."""

from __future__ import annotations

import os
from pathlib import Path

from regcore._native import pipeline as native
from regcore.errors import UsageError


def core_versions() -> dict[str, str]:
    """The instruction set in use and the JPEG library, for reports."""
    return {"simd": simd_level(), "libjpeg_turbo": native.libjpeg_version()}


def jpeg_library() -> str:
    """The JPEG library in words: its version, and whether the wheel brought it."""
    owner = "bundled" if native.libjpeg_is_bundled() else "the system's"
    return f"libjpeg-turbo {native.libjpeg_version()}, {owner}"


def version_line() -> str:
    """The version, the SIMD level and the JPEG library, as `regcore --version` prints them.

    Raises UsageError where REGCORE_SIMD names no level of this machine.
    """
    from importlib.metadata import version

    return f"regcore {version('regcore')} (SIMD {simd_level()}, {jpeg_library()})"


def simd_level() -> str:
    """The instruction set of the kernels; the environment variable REGCORE_SIMD forces one.

    Raises UsageError where that one is unknown or not available on this machine.
    """
    try:
        return native.simd_level()
    except ValueError as error:
        raise UsageError(str(error)) from None


def simd_levels() -> tuple[str, ...]:
    """What REGCORE_SIMD may be on this machine, slowest first."""
    return native.simd_levels()


def free_memory() -> int | None:
    """Bytes that this machine can still give, swap included; None where it does not say.

    What is beyond that, Linux promises all the same, and kills whoever uses it.
    """
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        kilobytes = {name: int(rest.split()[0]) for name, rest in (x.split(":") for x in lines)}
        return 1024 * (kilobytes["MemAvailable"] + kilobytes["SwapFree"])
    except (OSError, ValueError, LookupError):
        return None


def default_workers() -> int:
    """As many as this process may use processors."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
