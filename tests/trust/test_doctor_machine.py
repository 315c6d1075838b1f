"""What limits a machine, read from made-up /proc, /sys and /dev."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from regcore.trust.doctor.machine import disk, processors
from regcore.trust.doctor.machine.accelerators import driver_lines, driver_problems, has_nvidia
from regcore.trust.doctor.machine.cgroup import Limits, read_limits
from regcore.trust.doctor.machine.processors import processor_line, processor_problems
from regcore.trust.doctor.machine.report import look_at_machine

GIB = 1 << 30


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_version_2_with_limits_of_groups_above(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/pods/this\n",
            "sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
            "sys/fs/cgroup/pods/cpu.max": "150000 100000\n",
            "sys/fs/cgroup/pods/memory.max": f"{GIB}\n",
            "sys/fs/cgroup/pods/this/cpu.max": "max 100000\n",
            "sys/fs/cgroup/pods/this/memory.max": "max\n",
            "sys/fs/cgroup/pods/this/cpu.stat": "usage_usec 5\nnr_periods 10\nnr_throttled 4\n",
        },
    )
    assert read_limits(root) == Limits(2, 1.5, GIB, 4, 10)


def test_version_2_in_a_container_that_sees_its_own_group_as_the_root(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/../../elsewhere\n",
            "sys/fs/cgroup/cgroup.controllers": "cpu\n",
            "sys/fs/cgroup/cpu.max": "50000 100000\n",
        },
    )
    assert read_limits(root).processors == 0.5


def test_version_1(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n1:name=systemd:/\n",
            "sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us": "250000\n",
            "sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu/docker/x/cpu.stat": "nr_periods 8\nnr_throttled 0\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": f"{2 * GIB}\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
    )
    assert read_limits(root) == Limits(1, 2.5, 2 * GIB, 0, 8)


def test_no_groups_and_no_limits(tmp_path: Path) -> None:
    assert read_limits(tmp_path) == Limits()
    write(tmp_path, {"proc/self/cgroup": "0::/\n"})
    assert read_limits(tmp_path) == Limits()
    write(tmp_path, {"sys/fs/cgroup/cgroup.controllers": ""})
    assert read_limits(tmp_path) == Limits(2)


def test_what_keeps_processors_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "default_workers", lambda: 8)
    monkeypatch.setattr(os, "getloadavg", lambda: (11.0, 0.0, 0.0))
    frequency = "sys/devices/system/cpu/cpu0/cpufreq"
    root = write(
        tmp_path,
        {
            f"{frequency}/scaling_governor": "powersave\n",
            f"{frequency}/scaling_driver": "acpi-cpufreq\n",
            f"{frequency}/scaling_max_freq": "1200000\n",
            f"{frequency}/cpuinfo_max_freq": "3600000\n",
            "proc/cpuinfo": "processor\t: 0\nmodel name\t: A Processor\n",
        },
    )
    limits = Limits(2, 2.5, GIB, 30, 100)
    line = processor_line(limits, root)
    for part in ("A Processor: 8 of", "quota 2.5 (cgroup v2)", "1024 MiB", "3600 MHz (powersave)"):
        assert part in line
    told = " / ".join(processor_problems(limits, root))
    for part in (
        "2.5 of 8 processors (cgroup v2): give --workers 2",
        "30 of 100 periods",
        "powersave",
        "1200 of 3600 MHz",
        "load 11.0 on 8",
    ):
        assert part in told


def test_nothing_keeps_them_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (0.5, 0.0, 0.0))
    assert processor_problems(Limits(2, None, None, 0, 100), tmp_path) == []
    # These drivers call what is fast powersave.
    frequency = "sys/devices/system/cpu/cpu0/cpufreq"
    write(tmp_path, {f"{frequency}/scaling_governor": "powersave"})
    write(tmp_path, {f"{frequency}/scaling_driver": "intel_pstate"})
    assert processor_problems(Limits(), tmp_path) == []


def test_drivers_and_their_devices(tmp_path: Path) -> None:
    assert not has_nvidia(tmp_path)
    assert driver_lines(tmp_path) == driver_problems(tmp_path) == []
    version = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 23\n"
    write(tmp_path, {"proc/driver/nvidia/version": version})
    assert has_nvidia(tmp_path)
    assert driver_lines(tmp_path) == ["NVIDIA driver 580.95.05, 0 devices"]
    assert "--gpus all" in driver_problems(tmp_path)[0]
    write(tmp_path, {"dev/nvidia0": "", "dev/nvidiactl": ""})
    assert driver_lines(tmp_path) == ["NVIDIA driver 580.95.05, 1 device"]
    assert driver_problems(tmp_path) == []
    (tmp_path / "proc/driver/nvidia/version").unlink()
    assert "no driver loaded" in driver_problems(tmp_path)[0]
    write(tmp_path, {"dev/davinci0": ""})
    assert "davinci_manager" in driver_problems(tmp_path)[1]


def test_a_disk_is_measured_and_left_as_it_was(tmp_path: Path) -> None:
    found = disk.measure(tmp_path)
    assert found.write is not None
    assert found.read is not None
    assert found.write > 0
    assert found.read > 0
    assert list(tmp_path.iterdir()) == []


def test_a_slow_and_full_disk() -> None:
    slow = disk.Disk("/data", "nfs4", 100 << 20, write=9.0, read=20.0)
    told = disk.disk_problems(slow)
    assert "reads 20 MiB/s" in told[0]
    assert "writes 9 MiB/s" in told[1]
    assert "100 MiB free" in told[2]
    assert "(nfs4)" in disk.disk_line(slow)
    assert disk.disk_problems(disk.Disk("/data", "ext4", 9 * GIB, 400.0, 800.0)) == []


def test_a_disk_that_cannot_be_measured(tmp_path: Path) -> None:
    gone = disk.measure(tmp_path / "gone")
    assert gone.failure
    assert disk.disk_problems(gone) == [disk.disk_line(gone)]


def test_file_systems(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\n")
    assert disk.file_system(tmp_path, mounts) == "nfs4"
    assert disk.file_system(Path("/"), mounts) == "ext4"
    assert disk.file_system(tmp_path, tmp_path / "none") == "unknown file system"


def test_this_machine(tmp_path: Path) -> None:
    found = look_at_machine(tmp_path)
    assert len(found.lines) == 4
    assert found.lines[0].startswith("Python 3.")
