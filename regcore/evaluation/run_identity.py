"""Which run a file in a run's folder is of.

A run makes a random identity and writes it as `run` into each JSON file of its own: run.json,
perf.json, trace.json. `regcore verdict` and `regcore compare --out` copy it from run.json
into what they leave beside it. A benchmark tool's text file cannot carry one: perf.json names those
of its run under `files`.

The rule, for a file beside a run.json:
- with the same identity it is of the run; with another one, or where only one of the two has one,
  it is of another run;
- where neither has one an older regcore wrote them, and it is of the run unless its figures
  contradict (the time of perf.json, the number of batches of trace.json);
- profile.json is made without a run, and belongs to the same model by the same recipe.

A benchmark tool's text file is of the run where perf.json is and names it. Where perf.json is of
another run nothing vouches for any. Where it is not there, or was written by an older regcore,
those of the run's own batch size are the run's. One whose time is not that of perf.json at the same
batch size was written by another run. In a folder without a run.json, such as that of
`regcore infer`, perf.json alone decides, and names the files of all batch sizes of one model.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any

from regcore.evaluation.run_folder import PERF, RUN
from regcore.files.input_file import read_input
from regcore.files.json_input import read_json

_TEXT = re.compile(r"perf_[a-z]+_batchsize_([0-9]+)_device_([0-9]+)\.txt")
#: The time of the whole run, in ms, as regcore writes it.
_WHOLE = re.compile(
    rb"^\[e2e\] throughputRate: [^,\n]{1,40}, latency: ([0-9.e+-]{1,40})$", re.MULTILINE
)
_MAX_TEXT = 1 << 20
_PURE = re.compile(r"PureInfer_perf_of_.+\.txt")


def new_identity() -> str:
    """Sixteen hex digits that no other run has."""
    return secrets.token_hex(8)


def is_of_another(run: str | None, found: str | None) -> bool:
    """Whether a file with the identity `found` is of another run than `run`; None: it has none."""
    return found != run


def is_same_model(model: str, other: str) -> bool:
    """Whether two names that were given for a model are of one, from the current folder."""
    return model == other or os.path.abspath(model) == os.path.abspath(other)  # noqa: PTH100


def identity_in(folder: Path) -> str | None:
    """The identity of the run in a folder; None where there is none. Raises DatasetError."""
    run = _record(folder / RUN, "regcore run")
    return _text(run, "run") if run is not None else None


def strangers(folder: Path) -> dict[str, str]:
    """Names of files with rates in a folder that are of another run, each with the reason.

    Raises DatasetError where run.json or perf.json cannot be read.
    """
    run = _record(folder / RUN, "regcore run")
    perf = _record(folder / PERF, "regcore perf")
    if run is None and perf is None:
        return {}
    names = sorted(path.name for path in folder.iterdir())
    left_out: dict[str, str] = {}
    if run is not None and _text(run, "run") is not None:
        pure = f"is of 'regcore infer --random', not of the run in {RUN}"
        left_out = {name: pure for name in names if _PURE.fullmatch(name)}
    texts = [name for name in names if _TEXT.fullmatch(name) and (folder / name).is_file()]
    if run is not None and perf is not None and (why := contradiction(run, perf)) is not None:
        unnamed = f"nothing tells that it is of the run in {RUN}, as {PERF} is of another"
        return {**left_out, PERF: why, **dict.fromkeys(texts, unnamed)}
    reasons = {name: _strange_text(folder / name, run or {}, perf or {}) for name in texts}
    return {**left_out, **{name: why for name, why in reasons.items() if why is not None}}


def _strange_text(path: Path, run: dict[str, Any], perf: dict[str, Any]) -> str | None:
    """Why a benchmark tool's text is not of the run that wrote run.json and perf.json."""
    numbers = _TEXT.fullmatch(path.name)
    batch, device = (int(number) for number in numbers.groups()) if numbers else (0, 0)
    named, devices = perf.get("files"), perf.get("devices")
    if isinstance(named, list):
        if path.name not in named:
            return f"is of another run: {PERF} does not name it"
    elif run and batch != run.get("batch_size"):
        return f"is of another run: that in {RUN} has batches of {run.get('batch_size')}"
    if batch != perf.get("batch_size"):
        return None
    if isinstance(devices, list) and device not in devices:
        return f"is of another run: that in {PERF} has the devices {devices}"
    seconds = perf.get("seconds")
    found = _WHOLE.search(read_input(path, _MAX_TEXT))
    if found is None or not isinstance(seconds, float):
        return None
    took, expected = found[1].decode(), f"{1000 * seconds:g}"
    return (
        None
        if took == expected
        else (f"is of another run: it took {took} ms, that in {PERF} {expected} ms")
    )


def contradiction(run: dict[str, Any], perf: dict[str, Any]) -> str | None:
    """Why a perf.json is not of the run in run.json; None where it is, or nothing tells."""
    own, found = _text(run, "run"), _text(perf, "run")
    if is_of_another(own, found):
        return (
            f"is of another run: its identity is {found or 'none'}, that of {RUN} {own or 'none'}"
        )
    seconds, whole = perf.get("seconds"), run.get("seconds")
    if found is None and isinstance(seconds, float) and round(seconds, 4) != whole:
        return f"is of another run: it took {seconds:.4f} s, that in {RUN} {whole} s"
    return None


def _record(path: Path, form: str) -> dict[str, Any] | None:
    """The content of a file in that form; None where it is not there, or is somebody else's."""
    if not path.is_file():
        return None
    content: Any = read_json(path, Any)
    if not isinstance(content, dict) or not isinstance(content.get("format"), dict):
        return None
    return content if content["format"].get("name") == form else None


def _text(content: dict[str, Any], key: str) -> str | None:
    value = content.get(key)
    return value if isinstance(value, str) else None
