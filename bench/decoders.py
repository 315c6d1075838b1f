"""The versions of the C libraries that decode for a package."""

from __future__ import annotations

import mmap
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

#: As the library itself would say it, "libjpeg-turbo version 3.1.2 (build 20251010)".
_LIBJPEG_TURBO = re.compile(rb"libjpeg-turbo version ([0-9][0-9.]*)")


def libjpeg_turbo(distributions: Sequence[str]) -> dict[str, str]:
    """What lies in the shared objects that a wheel brought; nothing if it names no version."""
    for path in (path for name in distributions for path in _shared_objects(name)):
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            if found := _LIBJPEG_TURBO.search(text):
                return {"libjpeg-turbo": found[1].decode()}
    return {}


def ffmpeg(distributions: Sequence[str]) -> dict[str, str]:  # noqa: ARG001
    """The system's libraries that SPDL has loaded."""
    from spdl.io.utils import get_ffmpeg_versions

    versions = get_ffmpeg_versions()
    return {
        name: ".".join(map(str, versions[name]))
        for name in ("libavcodec", "libavfilter")
        if name in versions
    }


def _shared_objects(distribution: str) -> list[Path]:
    try:
        listed = files(distribution) or []
    except PackageNotFoundError:
        return []
    paths = (Path(str(path.locate())) for path in listed if ".so" in path.suffixes)
    return [path for path in paths if path.is_file() and path.stat().st_size > 0]
