"""All of the machine in lines, and all that is wrong with it."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

from regcore.trust.doctor.findings import MachineFound
from regcore.trust.doctor.machine.accelerators import driver_lines, driver_problems
from regcore.trust.doctor.machine.cgroup import read_limits
from regcore.trust.doctor.machine.disk import disk_line, disk_problems, measure
from regcore.trust.doctor.machine.processors import processor_line, processor_problems


def look_at_machine(folder: Path) -> MachineFound:
    """folder: whose disk is measured."""
    limits = read_limits()
    disk = measure(folder)
    system = (
        f"Python {platform.python_version()}, NumPy {version('numpy')}, {platform.system()} "
        f"{platform.release()} {platform.machine()}"
    )
    drivers = driver_lines() or ["no driver of an NVIDIA GPU or an Ascend"]
    return MachineFound(
        lines=[system, processor_line(limits), ", ".join(drivers), disk_line(disk)],
        problems=[*processor_problems(limits), *driver_problems(), *disk_problems(disk)],
    )
