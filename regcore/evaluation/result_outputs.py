"""What `run`, `infer` and `profile` would write, checked before any work."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from regcore.errors import UsageError
from regcore.evaluation.prediction_table import PREDICTION_TABLE, is_prediction_table
from regcore.evaluation.predictions_csv import OLDER_PREDICTIONS, PREDICTIONS
from regcore.evaluation.run_folder import COMPARISON, PERF, PROFILE, RUN, VERDICT
from regcore.files.output_guard import (
    HEAD_BYTES,
    Output,
    Recognise,
    check_outputs,
    json_of,
    text_of,
)
from regcore.inference.output_folder import JOB
from regcore.inference.score_journal import JOURNAL
from regcore.inference.score_writer import output_folders
from regcore.models.build_record import record_path
from regcore.models.external_weights import weights_beside

RESULT = "result.json"
INCOMPLETE_RESULT = "result.incomplete.json"

_GUIDES = text_of(rb'\s*\{\s*"title":\s*"Overall statistical evaluation"')
_PREDICTIONS = text_of(rb"image,label,")

#: What a run writes, or removes as it was made of an earlier one.
RUN_FILES: dict[str, Recognise] = {
    RESULT: _GUIDES,
    INCOMPLETE_RESULT: _GUIDES,
    PERF: json_of("perf"),
    RUN: json_of("run"),
    PREDICTIONS: _PREDICTIONS,
    OLDER_PREDICTIONS: _PREDICTIONS,
    VERDICT: json_of("verdict"),
    COMPARISON: json_of("comparison"),
}
_BENCHMARK_FILES = {
    "perf_vision_batchsize_*_device_*.txt": text_of(rb"\[e2e\] "),
    "PureInfer_perf_of_*.txt": text_of(rb"ave_throughputRate: "),
}
_TRACE = text_of(rb'\{"displayTimeUnit": "ms", "traceEvents": \[')

#: How a run's trace ends, that of its own identity.
_WHOSE = re.compile(rb'\n\]\n, "run": "[^"\n]*"\}\s*\Z')


def is_trace_of_a_run(path: Path) -> bool:
    """Whether a file is a trace that `regcore run` has written, and no other tool."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, path.stat().st_size - HEAD_BYTES))
        return _TRACE(head) and _WHOSE.search(file.read()) is not None


def check_run(
    out: Path,
    trace: Path | None,
    model: str,
    images: Path,
    others: Sequence[Path],
    *,
    force: bool,
) -> None:
    """Raises UsageError or OutputError where a run would destroy what it did not write.

    others: further inputs, such as the label file.
    """
    _check_apart(out, trace, images)
    if (out / JOB).exists():
        raise UsageError(
            f"{out}: is the folder of 'regcore infer', whose rates a run would replace; "
            "choose another --out"
        )
    outputs = [Output(out / name, recognise) for name, recognise in RUN_FILES.items()]
    outputs.append(Output(out / PREDICTION_TABLE, recognise_file=is_prediction_table))
    outputs.append(Output(out / JOURNAL, json_of("run-journal")))
    outputs += [*_benchmark_files(out), *_trace(trace)]
    _check(outputs, model, [images, *others], force=force)


def check_inference(
    out: Path,
    trace: Path | None,
    model: str,
    images: Path | None,
    list_file: Path | None,
    *,
    force: bool,
) -> None:
    """The same for `infer`; its scores and their record are checked by output_folder."""
    if images is not None:
        _check_apart(out, trace, images)
    if (out / RUN).exists():
        raise UsageError(
            f"{out}: is the folder of a 'regcore run', whose rates an inference would replace; "
            "choose another folder"
        )
    outputs = [Output(out / PERF, json_of("perf")), *_benchmark_files(out), *_trace(trace)]
    inputs = [path for path in (images, list_file) if path is not None]
    check_no_scores(out, [*model_files(model), *inputs])
    _check(outputs, model, inputs, force=force)


def check_profile(out: Path, model: str, images: Path, *, force: bool = False) -> None:
    """The same for `profile`, whose one file also goes into the folder of a run."""
    _check_apart(out, None, images)
    outputs = [Output(out / PROFILE, json_of("profile"))]
    _check(outputs, model, [images], force=force)


def check_no_scores(out: Path, inputs: Iterable[str | Path]) -> None:
    """Raises UsageError where an input lies among the scores in OUT, which --force deletes."""
    folders = [folder.resolve() for folder in output_folders(out)]
    if not folders:
        return
    for path in inputs:
        place = Path(os.path.realpath(path))
        if any(place.is_relative_to(folder) for folder in folders):
            raise UsageError(f"{path}: lies among the scores in {out}; choose another folder")


def check_listed(out: Path, trace: Path | None, files: Sequence[str], *, force: bool) -> None:
    """The same for the .bin files of an info file, of which none may be written over either."""
    # Few of a million files lie in folders of their own, or have the names of outputs.
    check_no_scores(out, {file.rpartition("/")[0] or "." for file in files})
    outputs = [Output(out / PERF, json_of("perf")), *_benchmark_files(out), *_trace(trace)]
    names = {path.name for output in outputs for path in (output.path, output.path.resolve())}
    listed = [file for file in files if file.rpartition("/")[2] in names]
    check_outputs(outputs, listed, force=force)


def model_files(model: str) -> list[Path]:
    """The files that MODEL may name: itself or what follows its prefix, the weights; its record."""
    parts = model.split(":")
    names = [":".join(parts[start:]) for start in range(len(parts))]
    files = [Path(name) for name in names if name]
    files += [file.with_suffix(".bin") for file in files if file.suffix.lower() == ".xml"]
    return [*files, *(record_path(file) for file in files if file.name)]


def _check(outputs: list[Output], model: str, inputs: list[Path], *, force: bool) -> None:
    known = [*model_files(model), *inputs]
    known += weights_beside(Path(model), [output.path for output in outputs])
    check_outputs(outputs, known, force=force)


def _check_apart(out: Path, trace: Path | None, images: Path) -> None:
    if not images.is_dir():
        return
    source = images.resolve()
    for path, option in ((out, "the results"), (trace, "the trace")):
        if path is not None and path.resolve().is_relative_to(source):
            where = "is" if path.resolve() == source else f"lies in {images},"
            raise UsageError(
                f"{path}: {where} the folder of the images; {option} must go to another"
            )


def _benchmark_files(out: Path) -> Iterable[Output]:
    for pattern, recognise in _BENCHMARK_FILES.items():
        for path in out.glob(pattern):
            yield Output(path, recognise)


def _trace(trace: Path | None) -> Iterable[Output]:
    return [] if trace is None else [Output(trace, _TRACE)]
