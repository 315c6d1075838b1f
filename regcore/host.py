"""What the core runs on: instruction set, processors, libraries."""

from __future__ import annotations

import os

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


def default_workers() -> int:
    """As many as this process may use processors."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
