"""Commands on every source: outputs are those of the same files, and survive a killed process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from kept_photos import KINDS, keep, some_photos
from onnx_models import save_model

from regcore import open_store

PHOTOS = some_photos(18)
RECIPE = "resize=40,crop=32,filter=bilinear,mean=0.5,0.5,0.5,std=0.5,0.5,0.5"


@pytest.fixture(scope="module")
def from_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The values of each photo, prepared from files."""
    folder = tmp_path_factory.mktemp("files")
    for name, content, _ in PHOTOS:
        (folder / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "photos" / name).write_bytes(content)
    result = regcore("preprocess", folder / "photos", folder / "out", "--recipe", RECIPE)
    assert result.exit_code == 0
    return {path.name: path.read_bytes() for path in (folder / "out").glob("*.bin")}


@pytest.fixture(params=KINDS)
def spelled(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return keep(tmp_path / "kept", request.param, PHOTOS)


@pytest.mark.slow
def test_preprocess_writes_the_values_of_the_same_files(
    spelled: str, tmp_path: Path, from_files: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    result = regcore("preprocess", spelled, out, "--recipe", RECIPE)
    assert (result.exit_code, result.stderr) == (0, "")
    assert {path.name: path.read_bytes() for path in out.glob("*.bin")} == from_files
    again = regcore("preprocess", spelled, out, "--recipe", RECIPE, "--json")
    assert json.loads(again.stdout)["kept"] == len(PHOTOS)
    verified = regcore("verify", out)
    assert (verified.exit_code, verified.stdout) == (0, "18 of 18 images compared: 0 differ\n")
    names = open_store(out).listed
    assert all("::n" in name for name in names)
    packed = regcore("preprocess", spelled, tmp_path / "packs", "--pack", 4, "--recipe", RECIPE)
    assert packed.exit_code == 0
    assert open_store(tmp_path / "packs").listed == names
    kept = regcore("preprocess", spelled, tmp_path / "deep", "--recipe", RECIPE, "--keep-folders")
    assert kept.exit_code == 0
    files = {record.file for record in map(open_store(tmp_path / "deep").record, names)}
    assert files == {f"{name.replace('::', '/').rpartition('.')[0]}.bin" for name in names}


def test_a_chosen_list_and_the_first_ones(spelled: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert regcore("preprocess", spelled, out, "--limit", 2, "--recipe", RECIPE).exit_code == 0
    first = list(open_store(out).listed)
    assert len(first) == 2
    gone = f"{first[1].rpartition('/')[0]}/gone.jpg"
    (tmp_path / "list").write_text(f"{first[1]}\n{gone}\n")
    arguments = ("--list", tmp_path / "list", "--recipe", RECIPE)
    result = regcore("preprocess", spelled, tmp_path / "listed", *arguments)
    assert result.exit_code == 3
    assert f"{gone}: there is no such member" in result.stderr
    assert list(open_store(tmp_path / "listed").names) == [first[1]]


KILLED = """
import os, signal, sys
from regcore import Preprocessor, Recipe, write_store
from regcore.sources.spelling import open_source
from regcore.store import single_files
from regcore.store.layout import StoreLayout, pack_form
single_files._FIRST_CHUNK = single_files._LARGEST_CHUNK = 4
spelled, out, form, recipe = sys.argv[1:]
recipe = Recipe.parse(recipe)
layout = StoreLayout() if form == "files" else pack_form(recipe, 2, pack_bytes=1)
with open_source(spelled) as source:
    write_store(
        Preprocessor(recipe, workers=2), source, source.names, out, layout,
        progress=lambda done, _: done > 9 and os.kill(os.getpid(), signal.SIGKILL),
    )
"""


@pytest.mark.slow
@pytest.mark.parametrize("form", ["files", "packs"])
def test_a_killed_run_goes_on_and_makes_no_image_twice(
    spelled: str, form: str, tmp_path: Path, from_files: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", KILLED, spelled, str(out), form, RECIPE]
    killed = subprocess.run(command, check=False)
    assert killed.returncode == -signal.SIGKILL
    pack = () if form == "files" else ("--pack", 2, "--pack-bytes", 1)
    result = regcore("preprocess", spelled, out, "--recipe", RECIPE, "--json", *pack)
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["kept"] >= 4
    assert answer["kept"] + answer["written"] == len(PHOTOS)
    store = open_store(out)
    assert sorted(name.rpartition("::")[2] for name in store.listed) == sorted(
        name for name, *_ in PHOTOS
    )
    for name in store.listed:
        stem = name.rpartition("/")[2].partition(".")[0]
        assert store[name].tobytes() == from_files[f"{stem}.bin"]


@pytest.mark.slow
def test_run_counts_as_on_files_and_finds_the_labels(spelled: str, tmp_path: Path) -> None:
    weights = np.random.default_rng(1).standard_normal((3, 10)).astype(np.float32)
    model = save_model(tmp_path / "m.onnx", size=32, says_recipe=False, weights=weights)
    for name, content, _ in PHOTOS:
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(content)
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"{name} {label}\n" for name, _, label in PHOTOS))
    answers, predictions = [], []
    for number, (images, option) in enumerate(
        [
            (tmp_path / "photos", ("--labels", labels)),
            (spelled, ("--labels", labels)),
            (spelled, ()),
        ]
    ):
        out = tmp_path / f"run-{number}"
        result = regcore("run", model, images, *option, "--recipe", RECIPE, "--out", out, "--json")
        assert result.exit_code == 0, result.stderr
        answers.append(json.loads(result.stdout)["hits"])
        rows = (out / "predictions.csv").read_text().splitlines()[1:]
        predictions.append(sorted(row.rpartition("::")[2] for row in rows))
    assert answers[0] == answers[1] == answers[2]
    assert predictions[0] == predictions[1] == predictions[2]
    names = [row.partition(",")[0] for row in rows]
    (tmp_path / "list").write_text(f"{names[-1]}\n{names[0]}\n")
    options = ("--list", tmp_path / "list", "--recipe", RECIPE, "--out", tmp_path / "part")
    assert regcore("run", model, spelled, *options).exit_code == 0
    assert (tmp_path / "part" / "predictions.csv").read_text().splitlines()[1:] == [
        rows[-1],
        rows[0],
    ]


@pytest.mark.slow
def test_infer_scores_every_image_once_and_goes_on(spelled: str, tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx", size=32, says_recipe=False)
    out = tmp_path / "out"
    command = ("infer", model, spelled, out, "--recipe", RECIPE, "--json")
    first = regcore(*command)
    assert first.exit_code == 0, first.stderr
    scores = sorted(out.glob("dumpOutput_device0/*_1.txt"))
    assert len(scores) == len(PHOTOS)
    scores[3].unlink()
    again = json.loads(regcore(*command).stdout)
    assert (again["written"], again["kept"]) == (1, len(PHOTOS) - 1)
    # A changed archive has its images run anew.
    for file in (tmp_path / "kept").iterdir():
        os.utime(file / "data.mdb" if file.is_dir() else file, ns=(1, 1))
    assert json.loads(regcore(*command).stdout)["written"] == len(PHOTOS)


def test_a_store_notices_that_an_archive_has_changed(tmp_path: Path) -> None:
    spelled = keep(tmp_path / "kept", "tar", PHOTOS)
    out = tmp_path / "out"
    regcore("preprocess", spelled, out, "--recipe", RECIPE)
    other = [*PHOTOS[1:9], PHOTOS[0]]
    KINDS["tar"].write(tmp_path / "kept" / "s-0.tar", other)
    found = regcore("verify", out)  # by name: the same photos elsewhere in their archive
    assert found.exit_code == 0
    again = json.loads(regcore("preprocess", spelled, out, "--recipe", RECIPE, "--json").stdout)
    assert (again["kept"], again["written"]) == (9, 9)
    (tmp_path / "kept" / "s-1.tar").unlink()
    found = regcore("verify", out)
    assert found.exit_code == 3
    assert found.stderr.count("the source is gone") == 9
    missing = regcore("preprocess", spelled, out, "--recipe", RECIPE)
    assert missing.exit_code == 3
    assert missing.stderr.endswith("s-1.tar: no such file\n")
