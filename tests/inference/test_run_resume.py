"""regcore run killed or interrupted at any time: the same command goes on, to the same result."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_model
from oracles import jpeg, photo_like
from PIL import Image

from regcore.inference import score_journal
from regcore.inference.score_journal import JOURNAL

COUNT = 64
BATCH = 4
RECIPE = "resize=232,crop=224,filter=bicubic,mean=0.485,0.456,0.406,std=0.2,0.2,0.2"
#: As a user types it, with a device that takes 100 ms, and a journal that is written at once.
SLOW = """
import time
from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend as Backend
from regcore.inference import score_journal
score_journal._WRITTEN_EVERY = 0
result = Backend.result
def slow(self):
    time.sleep(0.1)
    return result(self)
Backend.result = slow
from regcore.__main__ import main
main()
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One is no picture, one is damaged, one is turned."""
    folder = tmp_path_factory.mktemp("resume") / "photos"
    folder.mkdir()
    for i in range(COUNT):
        (folder / f"{i:02}.JPEG").write_bytes(jpeg(photo_like(60 + i, 50, i)))
    (folder / "40.JPEG").write_bytes(b"no picture")
    (folder / "09.JPEG").write_bytes((folder / "09.JPEG").read_bytes()[:-300])
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (50, 40), "red").save(folder / "03.JPEG", exif=exif)
    return folder


@pytest.fixture(scope="module")
def model(photos: Path) -> Path:
    weights = np.random.default_rng(3).standard_normal((3, 17))
    return save_model(photos.parent / "colours.onnx", weights=weights)


@pytest.fixture(scope="module")
def labels(photos: Path) -> Path:
    path = photos.parent / "labels.txt"
    path.write_text("".join(f"{i:02}.JPEG {i % 17}\n" for i in range(COUNT)))
    return path


@pytest.fixture
def arguments(photos: Path, model: Path, labels: Path) -> list[Any]:
    metrics = ["--metric", "ece", "--metric", "confusion"]
    return ["run", model, photos, "--labels", labels, "--batch-size", BATCH, *metrics]


@pytest.fixture
def clean(arguments: list[Any], tmp_path: Path) -> Path:
    """What a run without interruption leaves."""
    result = regcore(*arguments, "--out", tmp_path / "clean")
    assert result.exit_code == 3, result.output
    return tmp_path / "clean"


@pytest.fixture
def interrupted(arguments: list[Any], tmp_path: Path) -> Path:
    """The folder of a run that Ctrl-C has ended."""
    out = tmp_path / "interrupted"
    with begun([*arguments, "--out", out]) as process:
        wait_for_scores(process, out, 3)
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 130
    return out


def begun(arguments: list[Any], *, before: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", before + SLOW, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def scored(out: Path) -> int:
    """Records in the journal, about."""
    try:
        return (out / JOURNAL).read_bytes().count(b"rgcs")
    except FileNotFoundError:
        return 0


def wait_for_scores(process: subprocess.Popen[str], out: Path, count: int) -> None:
    while process.poll() is None and scored(out) < count:
        time.sleep(0.002)


def results(out: Path) -> dict[str, Any]:
    """All but times and rates."""
    run = json.loads((out / "run.json").read_text())
    for name in [key for key in run if "per_s" in key or "seconds" in key]:
        del run[name]
    for name in ("run", "kept", "date", "command"):
        run.pop(name, None)
    files = ("result.incomplete.json", "predictions.csv")
    return {**{name: (out / name).read_bytes() for name in files}, "run.json": run}


@pytest.mark.slow
def test_kills_at_random_change_nothing(arguments: list[Any], clean: Path, tmp_path: Path) -> None:
    out, rng = tmp_path / "killed", random.Random(7)  # noqa: S311
    for kill in range(8):
        before = scored(out)
        with begun([*arguments, "--out", out, "--workers", rng.choice([1, 2, 8])]) as process:
            wait_for_scores(process, out, before + 1 if kill else 1)
            time.sleep(rng.uniform(0, 0.03))
            process.kill()
        assert process.returncode == -signal.SIGKILL
        assert scored(out) >= max(before, 1)
        assert not list(out.glob("result*"))
    reached = scored(out)
    assert reached >= 8
    result = regcore(*arguments, "--out", out)
    assert result.exit_code == 3, result.output
    kept = json.loads((out / "run.json").read_text())["kept"]
    assert BATCH * (reached - 1) <= kept <= BATCH * reached
    assert f"goes on where a run was interrupted, after {kept} of {COUNT} images" in result.stderr
    assert results(out) == results(clean)
    assert not list(out.glob("*.part"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_in_order_and_goes_on(
    arguments: list[Any], clean: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    with begun([*arguments, "--out", out]) as process:
        wait_for_scores(process, out, 3)
        process.send_signal(number)
        stdout, stderr = process.communicate()
    assert process.returncode == 128 + number
    assert "INCOMPLETE" in stdout
    assert "interrupted: " in stderr
    assert stderr.splitlines()[-1].endswith("result.incomplete.json; the same command goes on")
    partial = json.loads((out / "run.json").read_text())
    assert 0 < partial["images"] < COUNT - 1
    assert partial["not_reached"] == COUNT - partial["images"] - len(partial["failed"])
    result = regcore(*arguments, "--out", out)
    assert result.exit_code == 3
    assert "images, by an interrupted run" in " ".join(result.stdout.split())
    assert results(out) == results(clean)
    assert json.loads((out / "run.json").read_text())["kept"] >= 3 * BATCH
    assert {path.name for path in out.iterdir()} == {path.name for path in clean.iterdir()}


@pytest.mark.slow
def test_sigterm_ends_a_run_in_the_background_in_order(
    arguments: list[Any], tmp_path: Path
) -> None:
    # Shells make their background jobs deaf to Ctrl-C.
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    with begun([*arguments, "--out", tmp_path], before=deaf) as process:
        wait_for_scores(process, tmp_path, 2)
        process.send_signal(signal.SIGINT)
        wait_for_scores(process, tmp_path, 4)
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 143
    assert json.loads((tmp_path / "run.json").read_text())["images"] >= 4 * BATCH


@pytest.mark.slow
@pytest.mark.parametrize("changed", ["model", "recipe", "batch size", "list of images", "--force"])
def test_another_run_begins_anew(
    interrupted: Path, arguments: list[Any], tmp_path: Path, changed: str
) -> None:
    if changed == "model":
        weights = np.random.default_rng(4).standard_normal((3, 17))
        arguments[1] = save_model(tmp_path / "other.onnx", weights=weights)
    arguments += {
        "recipe": ["--recipe", RECIPE],
        "batch size": ["--batch-size", 8],
        "list of images": ["--limit", 50],
        "--force": ["--force"],
    }.get(changed, [])
    result = regcore(*arguments, "--out", interrupted)
    assert result.exit_code == 3, result.output
    told = f"the interrupted run that it holds had another {changed}; this one begins"
    assert (told in result.stderr) == (changed != "--force"), result.stderr
    assert "kept" not in json.loads((interrupted / "run.json").read_text())
    regcore(*arguments, "--out", tmp_path / "new")
    assert results(interrupted) == results(tmp_path / "new")


@pytest.mark.slow
def test_other_labels_and_metrics_are_applied_to_the_scores(
    interrupted: Path, arguments: list[Any], tmp_path: Path
) -> None:
    other = tmp_path / "labels.txt"
    other.write_text("".join(f"{i:02}.JPEG {(i + 1) % 17}\n" for i in range(COUNT)))
    arguments[4] = other
    arguments += ["--metric", "class-accuracy"]
    result = regcore(*arguments, "--out", interrupted)
    assert "goes on where a run was interrupted" in result.stderr
    regcore(*arguments, "--out", tmp_path / "new")
    assert results(interrupted) == results(tmp_path / "new")


@pytest.mark.slow
def test_a_changed_image_is_run_again(
    photos: Path, model: Path, labels: Path, tmp_path: Path
) -> None:
    own = tmp_path / "photos"
    shutil.copytree(photos, own)
    arguments = ["run", model, own, "--labels", labels, "--batch-size", BATCH]
    out = tmp_path / "out"
    with begun([*arguments, "--out", out]) as process:
        wait_for_scores(process, out, 4)
        process.kill()
    reached = scored(out)
    (own / "05.JPEG").write_bytes(jpeg(photo_like(90, 70, 99)))
    regcore(*arguments, "--out", out)
    kept = json.loads((out / "run.json").read_text())["kept"]
    assert kept in {BATCH * (reached - 1), BATCH * (reached - 2)}
    regcore(*arguments, "--out", tmp_path / "new")
    assert results(out) == results(tmp_path / "new")


@pytest.mark.slow
def test_a_damaged_journal_is_used_as_far_as_it_is_whole(
    interrupted: Path, arguments: list[Any], clean: Path, tmp_path: Path
) -> None:
    whole, rng = (interrupted / JOURNAL).read_bytes(), random.Random(3)  # noqa: S311
    expected = results(clean)
    for attempt in range(24):
        out = tmp_path / f"damaged{attempt}"
        out.mkdir()
        damaged = bytearray(whole)
        if attempt % 2:
            damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        else:
            del damaged[rng.randrange(len(whole)) :]
        (out / JOURNAL).write_bytes(damaged)
        result = regcore(*arguments, "--out", out, *(["--force"] if not damaged[:60] else []))
        if result.exit_code == 2:  # so little is left that it may be somebody else's
            assert "was not written by this command" in result.stderr
            continue
        assert result.exit_code == 3, result.output
        assert results(out) == expected


@pytest.mark.slow
@pytest.mark.parametrize("listed", [False, True])
def test_a_run_on_a_store_goes_on(
    photos: Path, model: Path, labels: Path, tmp_path: Path, *, listed: bool
) -> None:
    store, names = tmp_path / "store", tmp_path / "names.txt"
    assert regcore("preprocess", photos, store, "--for", model).exit_code == 3
    names.write_text("".join(f"{i:02}.JPEG\n" for i in range(COUNT) if i % 5))
    arguments = ["run", model, store, "--labels", labels, "--batch-size", BATCH]
    arguments += ["--list", names, "--subset"] if listed else []
    with begun([*arguments, "--out", tmp_path / "out"]) as process:
        wait_for_scores(process, tmp_path / "out", 4)
        process.kill()
    result = regcore(*arguments, "--out", tmp_path / "out")
    assert "goes on where a run was interrupted" in result.stderr
    regcore(*arguments, "--out", tmp_path / "new")
    assert results(tmp_path / "out") == results(tmp_path / "new")


@pytest.mark.slow
def test_all_images_were_done_before_the_kill(
    interrupted: Path, arguments: list[Any], clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As after a kill between the last batch and the results: only they are missing.
    monkeypatch.setattr(score_journal.ScoreJournal, "remove", lambda _: None)
    assert regcore(*arguments, "--out", interrupted).exit_code == 3
    monkeypatch.undo()
    result = regcore(*arguments, "--out", interrupted)
    assert result.exit_code == 3, result.output
    assert results(interrupted) == results(clean)
    assert not (interrupted / JOURNAL).exists()


def test_a_full_disk_costs_the_journal_and_not_the_run(
    arguments: list[Any], clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(score_journal, "_write_all", full)
    monkeypatch.setattr(score_journal, "_WRITTEN_EVERY", 0)
    result = regcore(*arguments, "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert result.stderr.count("cannot write: No space left on device; the run goes on") == 1
    assert results(tmp_path / "out") == results(clean)


def test_a_disk_that_fails_at_the_end_costs_the_run_nothing(
    arguments: list[Any], clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "out" / JOURNAL

    def fails(descriptor: int) -> None:
        if journal.exists() and os.path.samestat(os.fstat(descriptor), journal.stat()):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    result = regcore(*arguments, "--out", tmp_path / "out")
    assert result.exit_code == 3, result.output
    assert results(tmp_path / "out") == results(clean)


def test_a_file_of_others_is_not_taken_for_a_journal(arguments: list[Any], tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text("mine")
    result = regcore(*arguments, "--out", tmp_path)
    assert result.exit_code == 2
    assert f"{JOURNAL}: is there and was not written by this command" in result.stderr
    assert (tmp_path / JOURNAL).read_text() == "mine"
