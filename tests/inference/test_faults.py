"""A device that fails, hangs, or gives too little ends a command at once, with the cause."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from oracles import jpeg, photo_like

#: Runs the command line with a simulated device that does `fault` at its batch 17, and tells which
#: threads there are at the end.
PROGRAM = """
import dataclasses, sys, threading, time
from regcore.backends.simulated import backend as simulated
from regcore.errors import BackendError
result = simulated.SimulatedBackend.result
count = 0
def faulty(self):
    global count
    count += 1
    found = result(self)
    if count == 18:
        {fault}
    return found
simulated.SimulatedBackend.result = faulty
from regcore.__main__ import main
try:
    main()
finally:
    names = [t.name for t in threading.enumerate() if t.name.startswith("regcore")]
    print("threads:", *names, file=sys.stderr)
    sys.stderr.flush()
"""
FAULTS = {
    "raises": ("raise BackendError('the chip is too hot')", "the chip is too hot"),
    "hangs": ("time.sleep(3600)", "simulated: no answer to batch 17 within 0.5 s"),
    "too few rows": (
        "found = dataclasses.replace(found, scores=found.scores[:1])",
        "simulated gave 1 row of scores for 2 images",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", ["run", "infer"])
def test_a_fault_at_batch_17(tmp_path: Path, command: str, fault: str) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(120):
        (photos / f"{i:03}.jpg").write_bytes(jpeg(photo_like(40, 30, i)))
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"{i:03}.jpg {i}\n" for i in range(120)))
    out = tmp_path / "out"
    code, message = FAULTS[fault]
    arguments = [command, "simulated:2000", str(photos)]
    arguments += ["--labels", str(labels), "--out", str(out)] if command == "run" else [str(out)]
    arguments += ["--batch-size", "2", "--device-timeout", "0.5"]
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(fault=code), *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert time.monotonic() - start < 100  # and not the hour that the device would take
    assert done.returncode == 4, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    threads = done.stderr.split("threads:")[1].split()
    assert threads == (["regcore-device"] if fault == "hangs" else [])
    assert not (out / "result.json").exists()
    written = list(out.glob("dumpOutput_device0/*_1.txt"))
    assert len(written) == (34 if command == "infer" else 0)  # what came before is kept
