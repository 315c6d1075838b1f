"""The commands: what goes to stdout, what to stderr, which files appear, and the exit codes."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

COLOURS = ("red", "lime", "blue")
COMMAND = [sys.executable, "-c", "from regcore.__main__ import main; main()"]


EARLIER = '{"title": "Overall statistical evaluation", "value": []}'


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Nine photos of one colour each: 0.JPEG to 8.JPEG."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(9):
        Image.new("RGB", (40 + i, 30), COLOURS[i % 3]).save(folder / f"{i}.JPEG")
    return folder


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "val_label.txt"
    path.write_text("".join(f"{i}.JPEG {i % 3}\n" for i in range(9)))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_model(tmp_path / "colours.onnx")


def values(path: Path) -> dict[str, str]:
    return {row["key"]: row["value"] for row in json.loads(path.read_text())["value"]}


def test_run_prints_and_writes_the_result(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a" / "b"
    result = regcore("run", model, photos, "--labels", labels, "--out", out)
    assert result.exit_code == 0, result.output
    assert "Top1 accuracy    100.0%" in result.stdout
    assert "images/s" in result.stdout
    assert "CPUExecutionProvider" in result.stdout
    assert "INCOMPLETE" not in result.output
    assert sorted(path.name for path in out.iterdir()) == [
        "perf.json",
        "perf_vision_batchsize_16_device_0.txt",
        "predictions.csv",
        "result.json",
        "run.json",
    ]
    assert values(out / "result.json") == {
        "Number of images": "9",
        "Number of classes": "3",
        "Top1 accuracy": "100.0%",
        "Top2 accuracy": "100.0%",
        "Top3 accuracy": "100.0%",
    }


def test_run_in_json_has_only_json_on_stdout(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    result = regcore("run", model, photos, "--labels", labels, "--out", tmp_path, "--json")
    answer = json.loads(result.stdout)
    assert answer["complete"] is True
    assert answer["hits"] == [9, 9, 9]
    assert answer["accuracy"]["Top1"] == "100.0%"
    assert answer["result"] == str(tmp_path / "result.json")


def test_a_failed_image_makes_the_run_incomplete(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    (tmp_path / "result.json").write_text(EARLIER)
    (photos / "4.JPEG").write_bytes(b"\xff\xd8 broken")
    result = regcore("run", model, photos, "--labels", labels, "--out", tmp_path)
    assert result.exit_code == 3
    assert "INCOMPLETE: 8 of 9 images" in result.stdout
    assert f"{photos / '4.JPEG'}: " in result.stderr
    assert not (tmp_path / "result.json").exists()
    path = tmp_path / "result.incomplete.json"
    assert values(path)["Number of images"] == "8"
    incomplete = json.loads(path.read_text())["incomplete"]
    assert [failed["path"] for failed in incomplete["failed"]] == [str(photos / "4.JPEG")]

    Image.new("RGB", (40, 30), "lime").save(photos / "4.JPEG")
    assert regcore("run", model, photos, "--labels", labels, "--out", tmp_path).exit_code == 0
    assert not path.exists()


def test_a_labelled_image_that_is_not_there(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    (photos / "7.JPEG").unlink()
    command = ("run", model, photos, "--labels", labels, "--out", tmp_path)
    result = regcore(*command)
    assert result.exit_code == 3
    assert "INCOMPLETE: 8 of 9 images" in result.stdout
    assert "7.JPEG" in result.stderr
    assert "--subset" in result.stderr
    assert not (tmp_path / "result.json").exists()

    result = regcore(*command, "--subset", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["missing"] == []
    assert values(tmp_path / "result.json")["Number of images"] == "8"


def test_limit_takes_the_first_and_says_so(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    result = regcore("run", model, photos, "--labels", labels, "--out", tmp_path, "--limit", 4)
    assert result.exit_code == 0
    assert "the first 4 of 9 images" in result.stdout
    assert values(tmp_path / "result.json")["Number of images"] == "4"


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--recipe", "nonsense"), 2, "no recipe 'nonsense'"),
        (("--dtype", "float16"), 4, "the model takes image float32 [N, 3, 224, 224]"),
        (("--layout", "nhwc"), 4, "(nhwc)"),
        (("--provider", "nonsense"), 4, "no provider nonsense"),
        (("--output", "nose"), 4, "no float output named nose"),
        (("--batch-size", "0"), 2, "--batch-size"),
        (("--workers", "-1"), 2, "--workers"),
    ],
)
def test_refusals_leave_the_old_result(
    photos: Path,
    labels: Path,
    model: Path,
    tmp_path: Path,
    options: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    (tmp_path / "result.json").write_text(EARLIER)
    result = regcore("run", model, photos, "--labels", labels, "--out", tmp_path, *options)
    assert result.exit_code == code
    assert words in result.stderr
    assert result.stdout == ""
    assert (tmp_path / "result.json").read_text() == EARLIER


def test_errors_are_one_line_unless_debugging(photos: Path, labels: Path, tmp_path: Path) -> None:
    labels.write_text("0.JPEG zero\n")
    command = ("run", "simulated:100", photos, "--labels", labels, "--out", tmp_path)
    result = regcore(*command)
    assert result.exit_code == 3
    assert result.stderr.count("\n") == 1
    assert f"{labels}, line 1: '0.JPEG zero'" in result.stderr
    result = regcore("--debug", *command)
    assert result.exit_code == 3
    assert "Traceback" in result.stderr


def test_an_error_of_our_own_is_not_a_verdict(
    photos: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("regcore.api.preprocess_job.chosen_photos", fail)
    result = regcore("preprocess", photos, tmp_path / "out")
    assert result.exit_code == 4
    assert "internal error, ZeroDivisionError: oops" in result.stderr


def test_an_output_folder_that_cannot_be(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = regcore("preprocess", photos, tmp_path / "file" / "out")
    assert result.exit_code == 4
    assert str(tmp_path / "file" / "out") in result.stderr


def test_version_and_help() -> None:
    result = regcore("--version")
    assert result.exit_code == 0
    library = r"libjpeg-turbo \d+\.\d+\.[\d.]+, (bundled|the system's)"
    assert re.search(rf"regcore \S+ \(SIMD \w+, {library}\)", result.stdout)
    for command in ("preprocess", "verify", "info", "run", "demo"):
        result = regcore(command, "--help")
        assert re.search(r"Examples?:\n    regcore ", result.stdout), command


def test_run_json_tells_when_and_by_what_it_was_made(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx")
    named = onnx.load(model)
    onnx.helper.set_model_props(
        named,
        {**{p.key: p.value for p in named.metadata_props}, "names": "{0: 'r', 1: 'g', 2: 'b'}"},
    )
    onnx.save(named, model)
    arguments = ["run", str(model), str(photos), "--labels", str(labels)]
    out = tmp_path / "o u t"
    assert regcore(*arguments, "--out", out).exit_code == 0
    told = json.loads((out / "run.json").read_text())
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["date"])
    assert shlex.split(told["command"]) == ["regcore", *arguments, "--out", str(out)]
    assert told["model_hash"] == f"sha256:{hashlib.sha256(model.read_bytes()).hexdigest()}"
    assert told["class_names"] == ["r", "g", "b"]
    assert told["environment"]["python"] == platform.python_version()
    # The guide's result has none of it: it is the same bytes wherever and whenever it is made.
    assert set(json.loads((out / "result.json").read_text())) == {"title", "value"}


def test_an_instruction_set_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGCORE_SIMD", "nonsense")
    for arguments in (("--version",), ("preprocess", ".", "nowhere")):
        result = regcore(*arguments)
        assert result.exit_code == 2
        assert "nonsense" in result.stderr


@pytest.mark.slow
def test_ctrl_c_leaves_what_was_done_until_then(photos: Path, labels: Path, tmp_path: Path) -> None:
    stale = tmp_path / "result.json"
    stale.write_text(EARLIER)
    arguments: list[Any] = ["run", "simulated:1:3", photos, "--labels", labels, "--out", tmp_path]
    with subprocess.Popen(
        [*COMMAND, *arguments, "--batch-size", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        # The old result goes just before the evaluation begins, which then takes nine seconds.
        while stale.exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate()
    assert not stale.exists()
    assert process.returncode == 130
    if not stdout:  # before it had begun
        assert stderr == b"regcore: interrupted\n"
        assert not list(tmp_path.glob("result*"))
        return
    assert re.search(rb" of 9 images (was|were) evaluated; what follows is of (it|these)\n", stderr)
    assert b"INCOMPLETE" in stdout
    partial = json.loads((tmp_path / "result.incomplete.json").read_text())["incomplete"]
    assert partial["images"] + partial["not_reached"] == partial["expected_images"] == 9
    assert partial["not_reached"] > 0


@pytest.mark.slow
def test_a_reader_that_goes_away(photos: Path, labels: Path, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        arguments = ["run", "simulated:1e6:3", photos, "--labels", labels, "--out", tmp_path]
        run = subprocess.run(
            [*COMMAND, *arguments], stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert run.returncode == 141
    assert run.stderr == b""
    assert (tmp_path / "result.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("pack", [(), ("--pack", 4, "--pad")])
def test_run_on_a_store(
    photos: Path, labels: Path, model: Path, tmp_path: Path, pack: tuple[object, ...]
) -> None:
    assert regcore("preprocess", photos, tmp_path / "store", *pack).exit_code == 0
    command = ("run", model, tmp_path / "store", "--labels", labels, "--out", tmp_path, "--json")
    answer = json.loads(regcore(*command).stdout)
    assert (answer["complete"], answer["hits"]) == (True, [9, 9, 9])
    assert json.loads(regcore(*command, "--limit", 4).stdout)["images"] == 4

    result = regcore(*command, "--recipe", "tf_efficientnet_lite0")
    assert result.exit_code == 5
    assert "mean [0.485, 0.456, 0.406] there, [0.5, 0.5, 0.5] here" in result.stderr
    (tmp_path / "store" / "manifest.json").unlink()
    (tmp_path / "store" / "images.jsonl").rename(tmp_path / "store" / "images.jsonl.part")
    assert regcore(*command).exit_code == 3


def test_run_on_a_store_that_lacks_an_image(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    (photos / "4.JPEG").write_bytes(b"no picture")
    store = tmp_path / "store"
    assert regcore("preprocess", photos, store, "--pack", 4).exit_code == 3
    result = regcore("run", model, store, "--labels", labels, "--out", tmp_path, "--json")
    assert result.exit_code == 3
    answer = json.loads(result.stdout)
    assert answer["hits"] == [8, 8, 8]
    assert [image["path"] for image in answer["failed"]] == [str(photos / "4.JPEG")]


def test_run_tells_of_ties_and_nan(photos: Path, labels: Path, tmp_path: Path) -> None:
    # Red has two equal classes, and every score of blue is NaN.
    weights = [[1, 1, 0], [0, 0, 1], [float("nan")] * 3]
    model = save_model(tmp_path / "ties.onnx", weights=weights)
    out = tmp_path / "out"
    for i in range(9):
        (photos / f"{i}.JPEG").unlink()
        Image.new("RGB", (40, 40), "red").save(photos / f"{i}.JPEG")
    result = regcore("run", model, photos, "--labels", labels, "--out", out, "--json")
    report = json.loads(result.stdout)
    assert report["nan_images"] == 9
    weights[2] = [0, 0, float("nan")]  # the scores of the other classes are numbers
    save_model(model, weights=weights)
    result = regcore("run", model, photos, "--labels", labels, "--out", out)
    said = " ".join(result.stdout.split())
    assert "NaN 9 images, a label whose own score is NaN is never a hit" in said
    assert "Top1 accuracy 33.33%" in said
    weights[2] = [0, 0, 0]
    save_model(model, weights=weights)
    result = regcore("run", model, photos, "--labels", labels, "--out", out)
    assert "equal scores     6 images, the lowest class counts as the first" in result.stdout
