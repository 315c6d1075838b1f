"""Processors: how many there are, how many this process may use, and at which frequency."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from regcore.counted import counted
from regcore.host import default_workers
from regcore.trust.doctor.machine.cgroup import Limits

_ROOT = Path("/")
_MHZ = 1000  # kHz
_SLOW = 0.9
_BUSY = 1.0
_MIB = 1 << 20
_THROTTLED = 0.01


def processor_line(limits: Limits, root: Path = _ROOT) -> str:
    """The model, how many there are of them, and what of that is for this process."""
    total = os.cpu_count() or 1
    parts = [f"{_model(root)}: {default_workers()} of {counted(total, 'processor')}"]
    if limits.processors is not None:
        parts.append(f"quota {limits.processors:g} (cgroup v{limits.version})")
    if limits.memory is not None:
        parts.append(f"memory limit {limits.memory / _MIB:.0f} MiB")
    frequency = _frequency(root)
    if frequency:
        parts.append(frequency)
    return ", ".join(parts)


def processor_problems(limits: Limits, root: Path = _ROOT) -> list[str]:
    """What keeps the processors from doing what their number promises."""
    problems = []
    workers = default_workers()
    if limits.processors is not None and limits.processors < workers:
        fitting = max(1, int(limits.processors))
        problems.append(
            f"the container may use {limits.processors:g} of {counted(workers, 'processor')} "
            f"(cgroup v{limits.version}): give --workers {fitting}, as regcore would start "
            f"{workers}"
        )
    if limits.periods and limits.throttled / limits.periods > _THROTTLED:
        problems.append(
            f"the quota stopped this container in {limits.throttled} of "
            f"{counted(limits.periods, 'period')}"
        )
    governor, limit, most = (
        _cpufreq(root, name)
        for name in ("scaling_governor", "scaling_max_freq", "cpuinfo_max_freq")
    )
    if governor == "powersave" and _cpufreq(root, "scaling_driver") not in (
        "intel_pstate",
        "amd-pstate-epp",
    ):
        problems.append(
            "the governor powersave keeps the processors at their lowest frequency: cpupower "
            "frequency-set -g performance"
        )
    if limit.isdigit() and most.isdigit() and int(limit) < _SLOW * int(most):
        problems.append(
            f"the frequency is limited to {int(limit) // _MHZ} of {int(most) // _MHZ} MHz"
        )
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > workers + _BUSY:
        problems.append(f"others are at work: load {load:.1f} on {counted(workers, 'processor')}")
    return problems


def _frequency(root: Path) -> str:
    governor, most = _cpufreq(root, "scaling_governor"), _cpufreq(root, "cpuinfo_max_freq")
    if not most.isdigit():
        return ""
    return f"up to {int(most) // _MHZ} MHz{f' ({governor})' if governor else ''}"


def _cpufreq(root: Path, name: str) -> str:
    try:
        return (root / "sys/devices/system/cpu/cpu0/cpufreq" / name).read_text("utf-8").strip()
    except OSError:
        return ""


def _model(root: Path) -> str:
    try:
        lines = (root / "proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
