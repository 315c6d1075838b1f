"""Running atc: its log shown, its verdict recognised, its errors explained."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from regcore.backends.ascend.error_text import causes
from regcore.backends.ascend.toolkit import DRIVER_LIBRARY, environment_hint
from regcore.convert.ascend.atc_command import AtcJob, check_path
from regcore.convert.child_process import last_line, run_shown
from regcore.counted import counted
from regcore.errors import BackendError
from regcore.files.atomic import replacing

_SUCCESS = "ATC run success"
_SOC_RULE = (
    "--soc is 'Ascend' and the Name that `npu-smi info` shows on the device's machine, as in "
    "Ascend310P3 for 310P3; of A3 and 950 it is Chip Name, _ and NPU Name of `npu-smi info -t "
    "board -i 0 -c 0`, as in Ascend910_9391; Ascend710 is the name that Ascend310P3 had until "
    "2022; from CANN 8.5 on atc needs the ops package of the chip, too"
)
_OPERATORS = (
    "from CANN 8.5 on atc needs the ops package of the chip beside the toolkit, of the same "
    "release; if it is there, this chip does not have that operator"
)
_NO_DRIVER = (
    f"{DRIVER_LIBRARY} belongs to the driver; where there is no device, put the toolkit's folder "
    "<x86_64 or aarch64>-linux/devlib on LD_LIBRARY_PATH for atc"
)
# Words of atc's log, and what helps.
_EXPLANATIONS = (
    (r"soc_version", _SOC_RULE),
    (r"EZ3003|No supported Ops kernel", _OPERATORS),
    (r"EZ3002|[Dd]ynamic shape is not supported", "this chip needs --batch or --dynamic-batch"),
    (DRIVER_LIBRARY, _NO_DRIVER),
    (r"error while loading shared libraries|No module named '(te|tbe|ge)'", "{environment}"),
    (r"precision_mode_v2", "this atc is older than --precision_mode_v2: name a precision_mode"),
    (r"precision_mode", "this atc, or this chip, does not have that precision"),
    (r"insert_op_conf|aipp", "see the AIPP file, and that the input is float32 NCHW of its size"),
    (r"No space left", "the disk is full"),
)


def run_atc(
    job: AtcJob, out: Path, say: Callable[[str], None], check: Callable[[Path], None]
) -> Path:
    """Builds `out`, or its name with the platform that the .om is bound to; returns the file.

    say: gets atc's log, line by line. check: raises where the file that atc chose must not be
    written. Raises BackendError where atc is not there or fails; `out`
    is then as it was before.
    """
    program = shutil.which("atc")
    if program is None:
        raise BackendError(
            f"atc is not on the PATH: {environment_hint()}; "
            "--print shows the command for another machine"
        )
    job = job.with_absolute_paths()
    for path in (job.model.path, out.absolute()):
        check_path(path)
    # atc leaves files of its own where it runs, and half an .om where it is killed.
    with tempfile.TemporaryDirectory(prefix="atc-", dir=out.parent) as folder:
        command = job.command(Path(folder).absolute() / out.stem)
        code, log = run_shown([program, *command[1:]], Path(folder), say, _environment(job))
        built = list(Path(folder).glob(f"{out.stem}*.om"))
        if code != 0 or _SUCCESS not in log or len(built) != 1:
            raise BackendError(_failure(code, log, built))
        target = out.with_name(built[0].name)
        if target != out:
            check(target)
        with replacing(target) as temporary:
            built[0].replace(temporary)
    return target


def _environment(job: AtcJob) -> dict[str, str]:
    # Otherwise atc's log goes to files below ~/ascend/log.
    return dict(os.environ) | ({"ASCEND_SLOG_PRINT_TO_STDOUT": "1"} if job.log else {})


def _failure(code: int, log: str, built: list[Path]) -> str:
    errors = causes(log)
    if errors:
        reason = errors[0]
    elif code < 0:
        reason = f"killed by signal {-code}"
    elif code == 0:
        reason = f"it wrote {counted(len(built), 'file')}, and its log does not say {_SUCCESS!r}"
    else:
        reason = f"exit code {code}, its last line: {last_line(log)}"
    for pattern, advice in _EXPLANATIONS:
        if re.search(pattern, "\n".join(errors) or log):
            return f"atc failed: {reason} ({advice.format(environment=environment_hint())})"
    return f"atc failed: {reason} (--log debug shows more)"
