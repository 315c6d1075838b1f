"""Tasks in processes of their own, as many at a time as there are processors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from regcore.host import default_workers
from regcore.trust.doctor.child import Task

Answer = TypeVar("Answer")

#: s, after which a library is taken to hang.
TIME_LIMIT = 120.0
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from regcore.trust.doctor.child import main; main()"
)
_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TRANSFORMERS_VERBOSITY": "error",
    "PYTHONWARNINGS": "ignore",
}


#: Pictures are small: threads of several libraries at once only wait for each other.
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1"
)


def run_all(
    tasks: Mapping[str, tuple[Task, type[Answer]]], time_limit: float = TIME_LIMIT
) -> dict[str, Answer | str]:
    """The answer to each task, of the type beside it, or in words why there is none."""
    if not tasks:
        return {}
    with ThreadPoolExecutor(max(2, default_workers())) as pool:
        running = {
            name: pool.submit(_run, task, kind, time_limit) for name, (task, kind) in tasks.items()
        }
        return {name: future.result() for name, future in running.items()}


def _run(task: Task, kind: type[Answer], time_limit: float) -> Answer | str:
    # The same modules as in this process, and not what lies in the current folder.
    command = [sys.executable, "-c", _PROGRAM, json.dumps(sys.path)]
    try:
        child = subprocess.run(  # noqa: S603
            command,
            input=msgspec.json.encode(task),
            capture_output=True,
            timeout=time_limit,
            check=False,
            env=_QUIET | _ONE_THREAD | os.environ,
        )
    except subprocess.TimeoutExpired:
        return f"does not answer within {time_limit:g} s"
    try:
        answer: dict[str, Any] = msgspec.json.decode(child.stdout)
    except msgspec.DecodeError:
        return _how_it_ended(child)
    if "failure" in answer:
        return str(answer["failure"])
    return msgspec.convert(answer["found"], kind)


def _how_it_ended(child: subprocess.CompletedProcess[bytes]) -> str:
    if child.returncode < 0:
        try:
            name = signal.Signals(-child.returncode).name
        except ValueError:
            name = f"signal {-child.returncode}"
        return f"crashed by {name}"
    lines = child.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"ended with code {child.returncode}{f': {lines[-1]}' if lines else ''}"
