"""How fast the disk of a folder writes and reads: a file of 16 MiB, which is removed again."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

_MIB = 1 << 20
_SIZE = 16 * _MIB
_PART = _MIB
#: 282 images/s of 602,112 bytes each are 162 MiB/s: what a store of float32 has to be read with.
_SLOW_READ = 160.0
_SLOW_WRITE = 50.0
_LITTLE = 1 << 30
_SOON_ENOUGH = 3.0  # s; a disk that is slower has shown it


@dataclass(frozen=True)
class Disk:
    """Rates in MiB/s, None where nothing was measured; free: bytes. failure: why."""

    folder: str
    kind: str
    free: int
    write: float | None = None
    read: float | None = None
    failure: str = ""


def measure(folder: Path) -> Disk:
    """Writes and syncs, forgets what is cached, and reads."""
    kind = file_system(folder)
    try:
        free = os.statvfs(folder)
        space = free.f_bavail * free.f_frsize
    except OSError as error:
        return Disk(str(folder), kind, 0, failure=f"{error.strerror}")
    if space < 2 * _SIZE:
        return Disk(str(folder), kind, space, failure="is full")
    try:
        write, read = _rates(folder)
    except OSError as error:
        return Disk(str(folder), kind, space, failure=f"cannot be measured: {error.strerror}")
    return Disk(str(folder), kind, space, write, read)


def _rates(folder: Path) -> tuple[float, float]:
    part = os.urandom(_PART)  # which no file system makes smaller
    with tempfile.TemporaryFile(dir=folder) as file:
        descriptor = file.fileno()
        start, written = perf_counter(), 0
        while written < _SIZE and perf_counter() - start < _SOON_ENOUGH:
            written += os.write(descriptor, part)
            os.fsync(descriptor)
        write = written / _MIB / (perf_counter() - start)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.lseek(descriptor, 0, os.SEEK_SET)
        start, got = perf_counter(), 0
        while got < written and perf_counter() - start < _SOON_ENOUGH:
            chunk = os.read(descriptor, _PART)
            if not chunk:
                break
            got += len(chunk)
        return write, got / _MIB / (perf_counter() - start)


def disk_line(disk: Disk) -> str:
    """The folder's disk in a line."""
    if disk.write is None or disk.read is None:
        return f"disk of {disk.folder} ({disk.kind}): {disk.failure}"
    return (
        f"disk ({disk.kind}): writes {disk.write:.0f} MiB/s with fsync, reads {disk.read:.0f} "
        f"MiB/s, {disk.free / _LITTLE:.0f} GiB free"
    )


def disk_problems(disk: Disk) -> list[str]:
    """What of it is slow, or full."""
    if disk.write is None or disk.read is None:
        return [disk_line(disk)]
    problems = []
    if disk.read < _SLOW_READ:
        problems.append(
            f"{disk.folder} reads {disk.read:.0f} MiB/s: 282 images/s of float32 need "
            f"{_SLOW_READ:.0f}; --dtype uint8 needs a fourth"
        )
    if disk.write < _SLOW_WRITE:
        problems.append(f"{disk.folder} writes {disk.write:.0f} MiB/s: a store takes long there")
    if disk.free < _LITTLE:
        problems.append(f"{disk.folder} has {disk.free / _MIB:.0f} MiB free")
    return problems


def file_system(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """Its type, as in ext4, nfs4 or overlay."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return "unknown file system"
    place = folder.resolve()
    best, kind = -1, "unknown file system"
    for line in lines:
        fields = line.split()
        point = Path(fields[1].replace("\\040", " "))
        if place.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind
