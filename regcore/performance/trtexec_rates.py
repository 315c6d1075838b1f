"""How fast trtexec runs a model at each batch, measured as in the guide, with its logs kept."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from regcore.convert.child_process import run_shown
from regcore.convert.tensorrt.engine import STRONGLY_TYPED, float16_file
from regcore.convert.tensorrt.trtexec_builder import find_trtexec
from regcore.errors import LogError, OutputError, UsageError
from regcore.files.atomic import replacing
from regcore.files.output_guard import Output, Recognise, check_outputs, text_of
from regcore.formats.trtexec import TrtexecResult, read_trtexec_log
from regcore.models.onnx_file import OnnxFile

#: What trtexec says in its first lines, also where it fails.
_is_log = text_of(rb"[^\n]{0,4096}trtexec")
#: Options of trtexec that name a file which it writes. A cache of timings it reads, too.
_WRITTEN: dict[str, Recognise] = {
    **dict.fromkeys(
        ("exportTimes", "exportOutput", "exportProfile", "exportLayerInfo"), text_of(rb"\s*\[")
    ),
    "saveEngine": text_of(rb"f?p?trt"),
    "timingCacheFile": text_of(rb""),
}


class RateMeasurement:
    """trtexec and a model, ready to be measured."""

    def __init__(
        self, model: OnnxFile, logs: Path, *, fp16: bool = False, options: Sequence[str] = ()
    ) -> None:
        """logs: the folder for the logs. options: further ones of trtexec.

        Raises BackendError where trtexec is not there.
        """
        self._program, self.version = find_trtexec()
        self._model, self._fp16, self._options = model, fp16, tuple(options)
        self._logs = logs

    def batches(self, wanted: Sequence[int]) -> tuple[int, ...]:
        """The batch sizes in order, each once; for a model that has one built in, that one.

        Raises UsageError where it is not among those wanted.
        """
        own = (self._model.image.shape or (None,))[0]
        if own is not None and own not in wanted:
            raise UsageError(
                f"{self._model.path}: has a built-in batch size of {own}; "
                "for others export it without --batch"
            )
        return tuple(sorted(set(wanted))) if own is None else (own,)

    def log_path(self, batch: int) -> Path:
        """Where the log of a batch size goes."""
        precision = "_fp16" if self._fp16 else ""
        return self._logs / f"{self._model.path.stem}{precision}_bs{batch}.log"

    def check_outputs(self, batches: Sequence[int], *, force: bool = False) -> None:
        """Makes the folder for the logs, after a look at all that is written.

        Raises UsageError where a log, or a file that an option has trtexec write, would take the
        place of the model or of a file of others (but for force); OutputError where one is no
        regular file, or the folder cannot be made.
        """
        outputs = [Output(self.log_path(batch), _is_log) for batch in batches]
        given = (option.lstrip("-").partition("=") for option in self._options)
        outputs += [
            Output(Path(path), _WRITTEN[name]) for name, _, path in given if name in _WRITTEN
        ]
        check_outputs(outputs, [self._model.path], force=force)
        try:
            self._logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self._logs}: {error.strerror}") from error

    def measure(self, batch: int, say: Callable[[str], None]) -> TrtexecResult:
        """Runs trtexec once, and keeps its log, also where it fails.

        say: gets every line. Raises LogError where trtexec fails or leaves no summary.
        """
        log = self.log_path(batch)
        log.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(prefix="tensorrt-", dir=self._logs) as folder:
            onnx = self._model.path
            if self._fp16 and self.version[0] >= STRONGLY_TYPED:
                onnx = float16_file(self._model, Path(folder))
            command = self.command(onnx, batch)
            code, text = run_shown(command, Path(folder), say, os.environ)
        with replacing(log) as temporary:
            temporary.write_text(text)
        result = read_trtexec_log(log, batch=batch, told_by="the command")
        if code != 0:
            raise LogError(str(log), text.count("\n"), f"trtexec ended with exit code {code}")
        return result

    def command(self, onnx: Path, batch: int) -> list[str]:
        """The guide's command."""
        image = self._model.image
        command = [self._program, f"--onnx={onnx.absolute()}", "--threads"]
        if self._fp16 and self.version[0] < STRONGLY_TYPED:
            command.append("--fp16")
        if (image.shape or (None,))[0] is None:
            shape = "x".join(map(str, (batch, *(image.shape or ())[1:])))
            command.append(f"--shapes={_quoted(image.name)}:{shape}")
        return [*command, *self._options]


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w./]+", name) else f"'{name}'"
