"""What a container may use: the CPU quota and memory limit of control groups, versions 1 and 2.

https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max, cpu.stat, memory.max), and cgroup-v1
(cpu.cfs_quota_us, cpu.cfs_period_us, memory.limit_in_bytes). The limits of all groups above hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/")
#: Version 1 writes the largest number of pages where there is no limit.
_NO_LIMIT = 1 << 60


@dataclass(frozen=True)
class Limits:
    """version: of the control groups, None where there are none.

    processors: how many the quota is worth, None without one. memory: in bytes, None without a
    limit. throttled, periods: how often the quota stopped this group, of how many times.
    """

    version: int | None = None
    processors: float | None = None
    memory: int | None = None
    throttled: int = 0
    periods: int = 0


def read_limits(root: Path = _ROOT) -> Limits:
    """Those of this process. root: where /proc and /sys are."""
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return Limits()
    paths = {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    mounted = root / "sys/fs/cgroup"
    if (mounted / "cgroup.controllers").exists():
        return _version_2(mounted, paths.get("", "/"))
    if "cpu" in paths or "memory" in paths:
        return _version_1(mounted, paths)
    return Limits()


def _version_2(mounted: Path, path: str) -> Limits:
    folders = _folders(mounted, path)
    processors = []
    for folder in folders:
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        if quota.isdigit() and period.isdigit():
            processors.append(int(quota) / int(period))
    memory = [int(text) for folder in folders if (text := _text(folder / "memory.max")).isdigit()]
    stat = _numbers(folders[0] / "cpu.stat")
    return Limits(
        2,
        min(processors, default=None),
        min(memory, default=None),
        stat.get("nr_throttled", 0),
        stat.get("nr_periods", 0),
    )


def _version_1(mounted: Path, paths: dict[str, str]) -> Limits:
    processors = []
    folders = _folders(mounted / "cpu", paths.get("cpu", "/"))
    for folder in folders:
        quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit() and int(quota) > 0:  # -1 is none
            processors.append(int(quota) / int(period))
    memory = [
        int(text)
        for folder in _folders(mounted / "memory", paths.get("memory", "/"))
        if (text := _text(folder / "memory.limit_in_bytes")).isdigit() and int(text) < _NO_LIMIT
    ]
    stat = _numbers(folders[0] / "cpu.stat")
    return Limits(
        1,
        min(processors, default=None),
        min(memory, default=None),
        stat.get("nr_throttled", 0),
        stat.get("nr_periods", 0),
    )


def _folders(mounted: Path, path: str) -> list[Path]:
    """Of the group and those above; in a container its own group may be what is mounted."""
    below = mounted / path.strip("/")
    if not below.is_dir():
        return [mounted]
    return [below, *(each for each in below.parents if each.is_relative_to(mounted))]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""


def _numbers(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in _text(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}  # noqa: PLR2004
