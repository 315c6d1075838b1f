"""Running atc: its log shown, its verdict recognised, its errors explained."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from regcore.convert.atc import AtcJob, check_path
from regcore.errors import BackendError

_SUCCESS = "ATC run success"
_ERROR_LINE = re.compile(r"\b(E[A-Z]?[0-9]{4,5}): *(.*)")
_ENVIRONMENT_SCRIPTS = (
    "/usr/local/Ascend/ascend-toolkit/set_env.sh",
    "/usr/local/Ascend/cann/set_env.sh",
    "/usr/local/Ascend/ascend-latest/set_env.sh",
)
_HOME_SCRIPT = "Ascend/ascend-toolkit/set_env.sh"

_SOC_RULE = (
    "--soc is 'Ascend' and the Name that `npu-smi info` shows on the device's machine, as in "
    "Ascend310P3 for 310P3; Ascend710 is the name that Ascend310P3 had until CANN 5.1"
)
# Words of atc's log, and what helps.
_EXPLANATIONS = (
    (r"soc_version", _SOC_RULE),
    (r"EZ3002|[Dd]ynamic shape is not supported", "this chip needs --batch or --dynamic-batch"),
    (r"error while loading shared libraries|No module named '(te|tbe|ge)'", "{environment}"),
    (r"precision_mode_v2", "this atc is older than --precision_mode_v2: name a precision_mode"),
    (r"insert_op_conf|aipp", "see the AIPP file, and that the input is float32 NCHW of its size"),
    (r"No space left", "the disk is full"),
)


def run_atc(job: AtcJob, out: Path, say: Callable[[str], None]) -> Path:
    """Builds `out`, or its name with the platform that the .om is bound to; returns the file.

    say: gets atc's log, line by line. Raises BackendError where atc is not there or fails; `out`
    is then as it was before.
    """
    program = shutil.which("atc")
    if program is None:
        raise BackendError(f"atc is not on the PATH: {environment_hint()}")
    for path in (job.model.path.absolute(), out.absolute()):
        check_path(path)
    # atc leaves files of its own where it runs, and half an .om where it is killed.
    with tempfile.TemporaryDirectory(prefix="atc-", dir=out.parent) as folder:
        command = job.command(Path(folder).absolute() / out.stem)
        code, log = _run([program, *command[1:]], folder, say, show_log=job.log is not None)
        built = list(Path(folder).glob(f"{out.stem}*.om"))
        if code != 0 or _SUCCESS not in log or len(built) != 1:
            raise BackendError(_failure(code, log, built))
        target = out.with_name(built[0].name)
        built[0].replace(target)
    return target


def environment_hint() -> str:
    """Which file to source for atc, by what is installed here."""
    candidates = [*map(Path, _ENVIRONMENT_SCRIPTS), Path.home() / _HOME_SCRIPT]
    there = [path for path in candidates if path.is_file()]
    if there:
        return f"run this first: source {there[0]}"
    return (
        f"install Huawei's CANN toolkit and source its set_env.sh (usually {candidates[0]}); "
        "--print shows the command for another machine"
    )


def _run(
    command: list[str], folder: str, say: Callable[[str], None], *, show_log: bool
) -> tuple[int, str]:
    environment = dict(os.environ)
    if show_log:
        # Otherwise the log goes to files below ~/ascend/log.
        environment["ASCEND_SLOG_PRINT_TO_STDOUT"] = "1"
    lines = []
    try:
        with _ended(
            subprocess.Popen(  # noqa: S603
                command,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        ) as process:
            for line in process.stdout or ():
                lines.append(line)
                say(line.rstrip())
            code = process.wait()
    except OSError as error:
        raise BackendError(f"{command[0]}: {error.strerror}") from error
    return code, "".join(lines)


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block, also where the block is interrupted."""
    with process:
        try:
            yield process
        finally:
            process.kill()


def _failure(code: int, log: str, built: list[Path]) -> str:
    errors = [f"{match[1]}: {match[2]}" for match in _ERROR_LINE.finditer(log)]
    if errors:
        reason = errors[0]
    elif code < 0:
        reason = f"killed by signal {-code}"
    elif code == 0:
        reason = f"it wrote {len(built)} files, and its log does not say {_SUCCESS!r}"
    else:
        last = [line.strip() for line in log.splitlines() if line.strip()][-1:]
        reason = f"exit code {code}, its last line: {last[0] if last else 'none'}"
    for pattern, advice in _EXPLANATIONS:
        if re.search(pattern, "\n".join(errors) or log):
            return f"atc failed: {reason} ({advice.format(environment=environment_hint())})"
    return f"atc failed: {reason} (--log debug shows more)"
