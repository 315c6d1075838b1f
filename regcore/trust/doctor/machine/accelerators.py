"""Drivers of accelerators, as the kernel shows them: no library is needed to look."""

from __future__ import annotations

import re
from pathlib import Path

from regcore.counted import counted

_ROOT = Path("/")


def has_nvidia(root: Path = _ROOT) -> bool:
    """Whether there is a driver of NVIDIA's, or a device of one."""
    return (root / "proc/driver/nvidia/version").is_file() or bool(_nodes(root, "nvidia[0-9]*"))


def driver_lines(root: Path = _ROOT) -> list[str]:
    """Each driver with its version and its devices; empty where there is none."""
    lines = []
    version = root / "proc/driver/nvidia/version"
    if version.is_file():
        found = re.search(r"(\d+\.\d+(?:\.\d+)?)", version.read_text("utf-8", "replace"))
        gpus = len(_nodes(root, "nvidia[0-9]*"))
        lines.append(f"NVIDIA driver {found[1] if found else '?'}, {counted(gpus, 'device')}")
    npus = len(_nodes(root, "davinci[0-9]*"))
    if npus:
        lines.append(f"Ascend driver, {counted(npus, 'device')}")
    return lines


def driver_problems(root: Path = _ROOT) -> list[str]:
    """Drivers without devices, and devices without a driver: containers that lack a half."""
    driver = (root / "proc/driver/nvidia/version").is_file()
    devices = _nodes(root, "nvidia[0-9]*")
    problems = []
    if driver and not devices:
        problems.append(
            "there is a driver of NVIDIA's and no /dev/nvidia0: start the container with --gpus all"
        )
    if devices and not driver:
        problems.append("there is /dev/nvidia0 and no driver loaded: nvidia-smi says why")
    if _nodes(root, "davinci[0-9]*") and not (root / "dev/davinci_manager").exists():
        problems.append(
            "there is /dev/davinci0 and no /dev/davinci_manager: give the container that, too"
        )
    return problems


def _nodes(root: Path, pattern: str) -> list[Path]:
    return list((root / "dev").glob(pattern))
