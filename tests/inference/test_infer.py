"""regcore infer: scores as files, from every kind of input, resumed, and read back by score."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_model
from oracles import jpeg, photo_like

from regcore import Preprocessor, Recipe
from regcore.backends.registry import open_backend
from regcore.files.lock import locked
from regcore.files.names import image_key

COUNT = 23
RECIPE = Recipe.preset("regnety_016")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(COUNT):
        (folder / f"photo{i:02}.x.JPEG").write_bytes(jpeg(photo_like(60 + i, 50, i)))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    return save_model(tmp_path / "colours.onnx", weights=rng.standard_normal((3, 17)))


@pytest.fixture
def expected(photos: Path, model: Path) -> dict[str, np.ndarray]:
    """The scores of each image, run alone."""
    paths = sorted(photos.iterdir())
    with open_backend(model) as backend:
        images = Preprocessor(RECIPE)(paths)
        return {image_key(path): backend.run(images[i : i + 1])[0] for i, path in enumerate(paths)}


def scores_in(out: Path) -> dict[str, np.ndarray]:
    found = {}
    for path in (out / "dumpOutput_device0").iterdir():
        name, _, kind = path.name.partition("_1.")
        if kind == "bin":
            found[name] = np.fromfile(path, np.float32)
        else:
            # As the guide's script reads it.
            line = path.read_text().split("\n")[0]
            found[name] = np.array([np.float32(word) for word in line.strip().split(" ")])
    return found


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for name, scores in expected.items():
        assert found[name].tobytes() == scores.tobytes(), name


@pytest.mark.parametrize("form", [(), ("--output-binary",)])
@pytest.mark.parametrize("batch_size", [1, 5])
def test_scores_of_photos(
    photos: Path, model: Path, tmp_path: Path, expected: Any, form: tuple[str], batch_size: int
) -> None:
    out = tmp_path / "result"
    result = regcore("infer", model, photos, out, "--batch-size", batch_size, *form)
    assert result.exit_code == 0, result.output
    assert "23 written" in result.stdout
    assert_same(scores_in(out), expected)
    assert (out / f"perf_vision_batchsize_{batch_size}_device_0.txt").is_file()
    assert json.loads((out / "perf.json").read_text())["images"] == COUNT


@pytest.mark.parametrize("pack", [(), ("--pack", "4")])
def test_scores_of_a_store(
    photos: Path, model: Path, tmp_path: Path, expected: Any, pack: tuple[str]
) -> None:
    assert regcore("preprocess", photos, tmp_path / "store", *pack).exit_code == 0
    result = regcore("infer", model, tmp_path / "store", tmp_path / "result")
    assert result.exit_code == 0, result.output
    assert_same(scores_in(tmp_path / "result"), expected)


@pytest.mark.parametrize("batch_size", [1, 4, 50])
def test_scores_of_bin_files(
    photos: Path, model: Path, tmp_path: Path, expected: Any, batch_size: int
) -> None:
    store, info = tmp_path / "prep", tmp_path / "prep.info"
    assert regcore("preprocess", photos, store).exit_code == 0
    assert regcore("info", "bin", store, info, 224, 224).exit_code == 0
    result = regcore("infer", model, info, tmp_path / "result", "--batch-size", batch_size)
    assert result.exit_code == 0, result.output
    assert_same(scores_in(tmp_path / "result"), expected)


def test_bin_files_of_another_recipe_are_refused(photos: Path, model: Path, tmp_path: Path) -> None:
    store, info = tmp_path / "prep", tmp_path / "prep.info"
    other = ("--recipe", "tf_efficientnet_lite0")
    assert regcore("preprocess", photos, store, *other).exit_code == 0
    regcore("info", "bin", store, info, 224, 224)
    result = regcore("infer", model, info, tmp_path / "result")
    assert result.exit_code == 5
    assert f"{store} was made by another recipe" in result.stderr


def test_values_of_bin_files_are_those_that_were_written(
    photos: Path, model: Path, tmp_path: Path
) -> None:
    store, info = tmp_path / "prep", tmp_path / "prep.info"
    regcore("preprocess", photos, store)
    regcore("info", "bin", store, info, 224, 224)
    shutil.copy(store / "photo02.bin", store / "photo07.bin")
    result = regcore("infer", model, info, tmp_path / "result")
    assert result.exit_code == 5
    assert "photo07.bin: the values are not those that were written" in result.stderr
    unchecked = regcore("infer", model, info, tmp_path / "result", "--no-verify")
    assert unchecked.exit_code == 0, unchecked.stderr


def test_bad_bin_files_are_named(photos: Path, model: Path, tmp_path: Path, expected: Any) -> None:
    store, info = tmp_path / "prep", tmp_path / "prep.info"
    regcore("preprocess", photos, store)
    regcore("info", "bin", store, info, 224, 224)
    (store / "photo03.bin").unlink()
    short = store / "photo04.bin"
    short.write_bytes(short.read_bytes()[:-4])
    with (store / "photo05.bin").open("ab") as file:
        file.write(b"x")
    result = regcore("infer", model, info, tmp_path / "result", "--batch-size", 4)
    assert result.exit_code == 3
    assert "photo03.bin: No such file" in result.stderr
    assert "photo04.bin: 602108 bytes, where an image of the recipe has 602112" in result.stderr
    assert "photo05.bin: 602113 bytes" in result.stderr
    for name in ("photo03", "photo04", "photo05"):
        expected.pop(name)
    assert_same(scores_in(tmp_path / "result"), expected)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "lists no files"),
        ("0 a\0.bin 224 224\n", "line 1: this is not the path of any file"),
        ("0 a.bin 224 224\n2 b.bin 224 224\n", "line 2: expected '1 PATH WIDTH HEIGHT'"),
        ("0 a.bin 224\n", "line 1: expected '0 PATH WIDTH HEIGHT'"),
        ("0 a.bin 299 299\n", "line 1: 299 x 299 pixels, but the recipe gives 224 x 224"),
        (
            "0 x/a.bin 224 224\n1 y/a.bin 224 224\n",
            "x/a.bin and y/a.bin would both become a_1.txt: rename one of them",
        ),
        (f"0 {'a' * 250}.bin 224 224\n", "a_1.txt is longer than 255 bytes"),
        ("0 a.bin 224 224\n1 a.bin 224 224\n", "listed twice"),
    ],
)
def test_bad_info_files(model: Path, tmp_path: Path, lines: str, message: str) -> None:
    info = tmp_path / "x.info"
    info.write_text(lines)
    result = regcore("infer", model, info, tmp_path / "result")
    assert result.exit_code == 3
    assert message in result.stderr
    assert not (tmp_path / "result").exists()


def test_bad_photos_are_named_and_the_others_inferred(
    photos: Path, model: Path, tmp_path: Path, expected: Any
) -> None:
    (photos / "photo07.x.JPEG").write_bytes(b"no photo")
    out = tmp_path / "result"
    result = regcore("infer", model, photos, out, "--json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert (report["complete"], report["written"], len(report["failed"])) == (False, 22, 1)
    assert "photo07" in result.stderr
    del expected["photo07"]
    assert_same(scores_in(out), expected)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["photos", "store"])
@pytest.mark.parametrize("form", [(), ("--output-binary",)])
def test_the_same_command_goes_on(
    photos: Path, model: Path, tmp_path: Path, expected: Any, source: str, form: tuple[str]
) -> None:
    images = photos
    if source == "store":
        images = tmp_path / "store"
        regcore("preprocess", photos, images)
    out = tmp_path / "result"
    command = ("infer", model, images, out, "--batch-size", 4, *form)
    assert regcore(*command).exit_code == 0
    folder = out / "dumpOutput_device0"
    files = sorted(folder.iterdir())
    for gone in files[3:17:2]:
        gone.unlink()
    files[0].write_bytes(b"" if not form else files[0].read_bytes()[:8])
    (folder / ".regcore-1-0.part").write_bytes(b"of a killed run")
    result = regcore(*command)
    assert result.exit_code == 0, result.output
    assert "8 written, 15 kept" in result.stdout
    assert_same(scores_in(out), expected)
    result = regcore(*command)
    assert "0 written, 23 kept" in result.stdout


def test_outputs_of_another_run_are_refused(photos: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "result"
    assert regcore("infer", model, photos, out).exit_code == 0
    result = regcore("infer", model, photos, out, "--output-binary")
    assert result.exit_code == 5
    assert "binary False there, True here" in result.stderr
    other = save_model(tmp_path / "other.onnx")
    assert regcore("infer", other, photos, out).exit_code == 5
    result = regcore("infer", other, photos, out, "--force")
    assert result.exit_code == 0
    assert len(next(iter(scores_in(out).values()))) == 3
    (out / "infer.json").unlink()
    result = regcore("infer", other, photos, out)
    assert result.exit_code == 5
    assert "no infer.json" in result.stderr


def test_score_reads_what_infer_wrote(photos: Path, model: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    names = sorted(path.name for path in photos.iterdir())
    labels.write_text("".join(f"{name} {i % 17}\n" for i, name in enumerate(names)))
    assert regcore("infer", model, photos, tmp_path / "result").exit_code == 0
    outputs = tmp_path / "result" / "dumpOutput_device0"
    scored = regcore("score", outputs, labels, tmp_path / "scored", "r.json")
    assert scored.exit_code == 0, scored.output
    ran = regcore("run", model, photos, "--labels", labels, "--out", tmp_path / "ran")
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "scored" / "r.json").read_text() == (
        tmp_path / "ran" / "result.json"
    ).read_text()


def test_noise_has_rates_and_no_outputs(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "result"
    result = regcore("infer", model, "--random", out, "--rounds", 7, "--batch-size", 3)
    assert result.exit_code == 0, result.output
    assert "21 written" not in result.stdout
    pure = (out / "PureInfer_perf_of_colours_in_device_0.txt").read_text()
    assert pure.startswith("ave_throughputRate: ")
    assert "samples/s, ave_latency: " in pure
    assert sorted(path.name for path in out.iterdir()) == [
        "PureInfer_perf_of_colours_in_device_0.txt",
        "perf.json",
        "perf_vision_batchsize_3_device_0.txt",
    ]
    result = regcore("infer", model, "a", "b", "--random")
    assert result.exit_code == 2
    assert "MODEL OUT with --random" in result.stderr


def test_a_full_disk_is_named(photos: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "result"
    (out / "dumpOutput_device0").mkdir(parents=True)
    (out / "dumpOutput_device0" / "photo05_1.txt").mkdir()
    result = regcore("infer", model, photos, out)
    assert result.exit_code == 5  # outputs of nobody knows what
    (out / "dumpOutput_device0" / "photo05_1.txt").rmdir()
    assert regcore("infer", model, photos, out).exit_code == 0
    blocked = out / "dumpOutput_device0" / "photo05_1.txt"
    blocked.unlink()
    blocked.mkdir()
    (blocked / "x").touch()
    result = regcore("infer", model, photos, out)
    assert result.exit_code == 4
    assert "photo05_1.txt: cannot rename into place" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_an_interrupted_run_goes_on(
    photos: Path, model: Path, tmp_path: Path, expected: Any, signal_name: str
) -> None:
    program = (
        "import os, signal, time\n"
        "from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend as Backend\n"
        "result = Backend.result\n"
        "count = []\n"
        "def interrupting(self):\n"
        "    count.append(1)\n"
        "    if len(count) == 6:\n"
        "        time.sleep(0.5)  # what is done is written by now\n"
        f"        os.kill(os.getpid(), signal.{signal_name})\n"
        "        time.sleep(0.5)  # the main thread notices\n"
        "    return result(self)\n"
        "Backend.result = interrupting\n"
        "from regcore.__main__ import main\n"
        "main()\n"
    )
    out = tmp_path / "result"
    arguments = [str(a) for a in ("infer", model, photos, out, "--batch-size", 2)]
    command = [sys.executable, "-c", program, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if signal_name != "SIGKILL":
        assert run.returncode == 128 + signal.Signals[signal_name], run.stderr
        assert "interrupted: 12 of 23 images have scores" in run.stderr
        assert "the same command continues" in run.stderr
    else:
        assert run.returncode == -signal.SIGKILL
    before = {
        path.name: path.stat().st_mtime_ns
        for path in (out / "dumpOutput_device0").iterdir()
        if not path.name.startswith(".")
    }
    assert len(before) < COUNT
    result = regcore(*arguments)
    assert result.exit_code == 0, result.output
    assert f"{COUNT - len(before)} written, {len(before)} kept" in result.stdout
    for name, written in before.items():
        assert (out / "dumpOutput_device0" / name).stat().st_mtime_ns == written
    assert_same(scores_in(out), expected)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["photos", "store", "bin files"])
def test_images_that_changed_are_run_again(
    photos: Path, model: Path, tmp_path: Path, source: str
) -> None:
    images = {"photos": photos, "store": tmp_path / "prep", "bin files": tmp_path / "x.info"}[
        source
    ]

    def prepare() -> None:
        if source != "photos":
            assert regcore("preprocess", photos, tmp_path / "prep").exit_code == 0
        if source == "bin files":
            assert regcore("info", "bin", tmp_path / "prep", images, 224, 224).exit_code == 0

    prepare()
    out = tmp_path / "result"
    assert regcore("infer", model, images, out).exit_code == 0
    before = scores_in(out)
    changed = photos / "photo04.x.JPEG"
    state = changed.stat()
    changed.write_bytes(jpeg(photo_like(90, 70, 99)))
    os.utime(changed, ns=(state.st_atime_ns, state.st_mtime_ns - 10**9))  # copied, not written
    prepare()
    result = regcore("infer", model, images, out)
    assert result.exit_code == 0, result.output
    assert "1 written, 22 kept" in result.stdout
    after = scores_in(out)
    assert [name for name in before if (before[name] != after[name]).any()] == ["photo04"]
    assert regcore("infer", model, images, tmp_path / "fresh").exit_code == 0
    assert_same(after, scores_in(tmp_path / "fresh"))


def test_scores_of_a_changed_image_go_before_anything_else(
    photos: Path, model: Path, tmp_path: Path
) -> None:
    """Also where the run that would replace them does not get that far."""
    out = tmp_path / "result"
    assert regcore("infer", model, photos, out).exit_code == 0
    (photos / "photo04.x.JPEG").write_bytes(b"no photo any more")
    result = regcore("infer", model, photos, out)
    assert result.exit_code == 3
    assert "22 kept, 1 bad" in result.stdout
    assert "photo04" not in scores_in(out)


def test_outputs_of_unknown_versions_are_made_anew(
    photos: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "result"
    assert regcore("infer", model, photos, out).exit_code == 0
    (out / "infer.sources.npy").write_bytes(b"torn")
    assert "23 written" in regcore("infer", model, photos, out).stdout
    assert "23 kept" in regcore("infer", model, photos, out).stdout


def test_one_process_at_a_time(photos: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "result"
    out.mkdir()
    with locked(out / "infer.lock"):
        result = regcore("infer", model, photos, out)
        assert result.exit_code == 4
        assert f"{out}: another process is writing to this folder" in result.stderr
        assert regcore("infer", model, photos, out, "--force").exit_code == 4
    assert regcore("infer", model, photos, out).exit_code == 0
    assert not (out / "infer.lock").exists()
