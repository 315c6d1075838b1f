"""The commands whose writing is disturbed, on tiny inputs."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

from readers.seeds import make_seeds

#: Imported before the forks, so that no try pays for them.
_MODULES = (
    "onnxruntime",
    "jinja2",
    "PIL.Image",
    "PIL.JpegImagePlugin",
    "regcore.api.compare",
    "regcore.api.evaluate",
    "regcore.api.infer",
    "regcore.api.predictions",
    "regcore.api.preprocess",
    "regcore.api.profile",
    "regcore.api.report",
    "regcore.api.score",
    "regcore.api.verdict",
    "regcore.api.verify",
    "regcore.reports.export",
    "regcore.reports.inference",
    "regcore.reports.profile",
    "regcore.reports.verdict_junit",
    "regcore.reports.verdict_rendering",
    "regcore.backends.onnxruntime.backend",
)


@dataclass(frozen=True)
class Command:
    """Arguments, where {work} is the folder in which calls are counted, and {inputs} the seeds'.

    start: what {work} is a copy of, a folder of the inputs. codes: exit codes of a sound run.
    may_differ: what is not to be had again.
    """

    arguments: tuple[str, ...]
    start: str = "empty"
    codes: frozenset[int] = frozenset({0})
    may_differ: frozenset[str] = frozenset()


def _command(
    text: str,
    start: str = "empty",
    codes: tuple[int, ...] = (0,),
    may_differ: tuple[str, ...] = (),
) -> Command:
    return Command(tuple(text.split()), start, frozenset(codes), frozenset(may_differ))


_PREPROCESS = "preprocess {inputs}/photos {work}/out --for {inputs}/m.onnx --workers 1"
_LABELS = "--labels {inputs}/labels.txt --batch-size 2 --workers 1"
_INFER = "infer {inputs}/m.onnx {inputs}/photos {work}/out --workers 1 --batch-size 2"
# Once all scores are there, no run is left to be timed.
_NO_RATES = (
    "out/perf.json is missing",
    "out/perf_vision_batchsize_2_device_0.txt is missing",
)
#: The same of run, which always writes perf.json, and how many scores it found.
_RESUMED = (_NO_RATES[1], "out/run.json differs in ['/kept']")

COMMANDS = {
    "preprocess, single files": _command(_PREPROCESS),
    "preprocess, packs": _command(f"{_PREPROCESS} --pack 2"),
    "run": _command(
        f"run {{inputs}}/m.onnx {{inputs}}/photos {_LABELS} --out {{work}}/out",
        may_differ=_RESUMED,
    ),
    "run, with a trace": _command(
        f"run {{inputs}}/m.onnx {{inputs}}/photos {_LABELS} --out {{work}}/out "
        "--trace {work}/out/trace.json",
        may_differ=_RESUMED,
    ),
    "infer, text": _command(_INFER, may_differ=_NO_RATES),
    "infer, binary": _command(f"{_INFER} --output-binary", may_differ=_NO_RATES),
    "score": _command(
        "score {inputs}/scores {inputs}/labels.txt {work} result_bs1.json --workers 1"
    ),
    "report": _command("report {work}", "run"),
    "predictions": _command("predictions {work} --out {work}/table.csv", "run"),
    "verdict": _command(
        "verdict {work} --against {inputs}/before --max-drop 1pt", "run", (0, 3)
    ),
    "compare": _command("compare A={inputs}/rates --out {work}", "run"),
    "profile": _command(
        "profile {inputs}/m.onnx {inputs}/photos --seconds 0.02 --batch 1 --workers 1 "
        "--out {work}",
        "run",
    ),
    "info": _command("info bin {inputs}/store {work}/prep.info 8 8"),
}  # fmt: skip


def load_modules() -> None:
    """Imports what the commands would."""
    for name in _MODULES:
        importlib.import_module(name)


def lay_out(inputs: Path) -> None:
    """Fills the folder `inputs`, if it is not there."""
    if not inputs.exists():
        make_seeds(inputs)
        (inputs / "empty").mkdir()
