"""trtexec, the program that comes with TensorRT's tar file, containers and JetPack."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from regcore.convert.child_process import last_line, run_shown
from regcore.convert.tensorrt.job import EngineJob
from regcore.convert.tensorrt.timing_cache import LEFT_OUT
from regcore.errors import BackendError
from regcore.formats.trtexec import banner_version

_USUAL_PLACE = Path("/usr/src/tensorrt/bin/trtexec")
_BANNER = re.compile(r"\[TensorRT v([0-9.]+)\]")
_DEVICE = re.compile(r"Selected Device: (.+)")
_ERROR = re.compile(r"\[E\] *(.+)")
_CACHE_ERROR = re.compile(r"\[E\].*timing ?cache", re.IGNORECASE)
_PASSED = "&&&& PASSED"
_SKIPS_INFERENCE = (8, 6, 0)


class TrtexecBuilder:
    """Builds engines with trtexec, found on the PATH or in JetPack's usual place."""

    def __init__(self) -> None:
        """Raises BackendError where there is no trtexec, or it does not say its version."""
        self._program, self.version = find_trtexec()

    def build(self, job: EngineJob, out: Path, say: Callable[[str], None]) -> str | None:
        """See Builder."""
        command = self.command(job, out)
        known = job.timing_cache.is_file()
        code, log = run_shown(command, out.parent, say, os.environ)
        if known and (code < 0 or (code and _CACHE_ERROR.search(log))):
            # trtexec ends where it cannot use the cache; some versions die of one.
            say(LEFT_OUT)
            job.timing_cache.unlink(missing_ok=True)
            code, log = run_shown(command, out.parent, say, os.environ)
        if code != 0 or _PASSED not in log or not out.is_file():
            errors = _ERROR.findall(log)
            reason = errors[0] if errors else f"exit code {code}, last line: {last_line(log)}"
            raise BackendError(f"trtexec failed: {reason}")
        device = _DEVICE.search(log)
        return device[1].strip() if device else None

    def command(self, job: EngineJob, out: Path) -> list[str]:
        """The arguments of trtexec."""
        quick = "--skipInference" if self.version >= _SKIPS_INFERENCE else "--buildOnly"
        arguments = [
            self._program,
            f"--onnx={job.onnx.absolute()}",
            f"--saveEngine={out.absolute()}",
            f"--timingCacheFile={job.timing_cache.absolute()}",
            quick,
        ]
        for name, shape in zip(("min", "opt", "max"), job.shapes, strict=False):
            arguments.append(f"--{name}Shapes={job.input}:{'x'.join(map(str, shape))}")
        if job.fp16_flag:
            arguments.append("--fp16")
        if not job.tf32:
            arguments.append("--noTF32")
        return arguments


def find_trtexec() -> tuple[str, tuple[int, int, int]]:
    """The program and its version; BackendError where there is none, or it does not say it."""
    program = shutil.which("trtexec") or (_USUAL_PLACE if _USUAL_PLACE.is_file() else None)
    if program is None:
        raise BackendError(
            "neither TensorRT's Python package nor trtexec is here: pip install tensorrt, or "
            f"put trtexec on the PATH (JetPack has it in {_USUAL_PLACE.parent})"
        )
    shown = subprocess.run(  # noqa: S603
        [str(program), "--help"], capture_output=True, text=True, check=False
    )
    banner = _BANNER.search(shown.stdout + shown.stderr)
    if banner is None:
        said = last_line(shown.stdout + shown.stderr)
        raise BackendError(f"{program}: does not say its version, but: {said}")
    return str(program), banner_version(banner[1])
