"""`regcore run` on Ray, against the same on one machine."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from api.colour_set import ColourSet, make_colour_set
from api.same_files import timeless, timeless_files
from command_line import regcore as regcore_command

import regcore.ray.evaluation
from regcore import UsageError, evaluate_model, preprocess_images
from regcore.ray import run

pytestmark = [pytest.mark.usefixtures("cluster"), pytest.mark.slow]

BAD = "5.JPEG"
MEASURED = ("perf", "run.lock")


@pytest.fixture
def colours(tmp_path: Path) -> ColourSet:
    made = make_colour_set(tmp_path)
    (made.photos / BAD).write_bytes(b"no photo")
    return made


def results(folder: Path) -> dict[str, Any]:
    found = timeless_files(folder)
    return {name: content for name, content in found.items() if not name.startswith(MEASURED)}


def alone(colours: ColourSet, images: Path | None = None) -> dict[str, Any]:
    out = colours.folder / "alone"
    evaluate_model(
        colours.model, images or colours.photos, colours.labels, out=out, batch_size=2, workers=1
    )
    return results(out)


@pytest.mark.parametrize("metrics", [(), ("confusion", "ece")])
def test_the_result_is_that_of_one_machine(colours: ColourSet, metrics: tuple[str, ...]) -> None:
    ours, theirs = colours.folder / "ours", colours.folder / "theirs"
    said: dict[str, list[str]] = {"ours": [], "theirs": []}
    paths = (colours.model, colours.photos, colours.labels)
    options = {"batch_size": 2, "workers": 1, "metrics": metrics}
    wanted = evaluate_model(*paths, out=ours, log=said["ours"].append, **options)
    found = run(*paths, out=theirs, log=said["theirs"].append, **options)
    assert timeless(found.to_dict()) == timeless(wanted.to_dict())
    assert results(theirs) == results(ours)
    assert {"result.incomplete.json", "run.json", "predictions.csv"} <= results(theirs).keys()
    assert said["theirs"] == said["ours"]
    assert not found.complete
    assert_measured(theirs, json.loads((ours / "perf.json").read_text()))
    (error,) = found.report.evaluation.errors
    assert error.args == wanted.report.evaluation.errors[0].args


def assert_measured(folder: Path, alone: dict[str, Any]) -> None:
    """What can be told of a cluster is, and the report says what held it up."""
    perf = json.loads((folder / "perf.json").read_text())
    assert (perf["images"], perf["batches"]) == (alone["images"], alone["batches"])
    assert perf["images_per_s"] == pytest.approx(perf["images"] / perf["seconds"])
    assert perf["compute"]["count"] == alone["compute"]["count"]
    assert perf["interface_images_per_s"] > 0
    assert 0 < perf["first_batch_s"] <= perf["seconds"]
    assert perf["cluster"]["nodes"] == 1
    assert 1 <= perf["cluster"]["slots"] <= min(perf["cluster"]["tasks"], 3)
    assert 0 < perf["cluster"]["task_seconds"] < perf["seconds"] * perf["cluster"]["slots"]
    stages = {stage["stage"]: stage for stage in perf["stages"]}
    assert list(stages) == ["preprocess", "device", "post"]
    assert stages["preprocess"]["threads"] == perf["cluster"]["slots"]
    assert all(0 < s["busy_s"] < s["threads"] * perf["seconds"] for s in stages.values())
    assert perf["worker_seconds"].keys() == alone["worker_seconds"].keys()
    page = folder / "report.html"
    assert regcore_command("report", folder, "--out", page).exit_code in {0, 3}
    text = page.read_text()
    assert "bottleneck" in text or "No stage was at its limit" in text


@pytest.mark.parametrize("form", [{}, {"batch_size": 2}], ids=["files", "packs"])
def test_a_store(colours: ColourSet, form: dict[str, int]) -> None:
    store = colours.folder / "store"
    preprocess_images(colours.photos, store, for_model=colours.model, **form)
    run(colours.model, store, colours.labels, out=colours.folder / "made", batch_size=2)
    found, wanted = results(colours.folder / "made"), alone(colours, store)
    found["run.json"].pop("workers")
    wanted["run.json"].pop("workers")
    assert found == wanted


def test_the_command(colours: ColourSet) -> None:
    command = ("run", colours.model, colours.photos, "--labels", colours.labels, "--json")
    printed = []
    for out, more in (("ours", ()), ("theirs", ("--ray", "auto"))):
        result = regcore_command(*command, "--workers", 2, "--out", colours.folder / out, *more)
        assert result.exit_code == 3
        printed.append(timeless(json.loads(result.stdout)))
    assert printed[0] == printed[1]
    with pytest.raises(UsageError, match="a trace is of one machine's threads"):
        run(colours.model, colours.photos, colours.labels, trace=colours.folder / "trace.json")


def dying_once(make: Callable[[Any, Any], Any], marks: Path) -> Callable[[Any, Any], Any]:
    """What a task does, in a process that dies at the end of it, once for each portion."""

    def dies(portion: Any, shared: Any) -> Any:
        made = make(portion, shared)
        mark = marks / str(portion[0])
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    return dies


def test_tasks_that_die_are_done_again(colours: ColourSet, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = colours.folder / "marks"
    marks.mkdir()
    dies = dying_once(regcore.ray.evaluation._run, marks)  # noqa: SLF001
    monkeypatch.setattr(regcore.ray.evaluation, "_run", dies)
    monkeypatch.setattr(regcore.ray.evaluation, "_PORTION", 2)
    out = colours.folder / "made"
    run(colours.model, colours.photos, colours.labels, out=out, batch_size=2, workers=1)
    assert len(list(marks.iterdir())) == 5
    assert results(out) == alone(colours)


def test_a_driver_that_dies_goes_on(colours: ColourSet, monkeypatch: pytest.MonkeyPatch) -> None:
    out = colours.folder / "made"
    options = {"out": out, "batch_size": 2, "workers": 1}
    monkeypatch.setattr(regcore.ray.evaluation, "_PORTION", 2)
    taken = []

    def dying(*arguments: Any) -> Any:
        for batch in regcore.ray.evaluation.run_on_cluster(*arguments):
            if len(taken) == 3:
                raise MemoryError
            if isinstance(batch, tuple):
                taken.append(batch)
            yield batch

    with pytest.raises(MemoryError):
        evaluate_model(colours.model, colours.photos, colours.labels, runner=dying, **options)
    assert (out / "run.scores.part").exists()
    said: list[str] = []
    found = run(colours.model, colours.photos, colours.labels, log=said.append, **options)
    assert "goes on where a run was interrupted" in said[0]
    assert found.report.evaluation.kept >= 3
    there = results(out)
    assert there["run.json"].pop("kept") >= 3
    assert there == alone(colours)
