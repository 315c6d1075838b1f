"""Commands that write stores behind URLs, read them, or say why not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api.colour_set import ColourSet, make_colour_set
from api.same_files import timeless_files
from command_line import regcore
from store_forms import content

from regcore import UsageError, evaluate_model
from regcore.api.calibrate import calibrate_model
from regcore.api.recipe import find_recipe

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def url() -> Iterator[str]:
    """A folder of its own in fsspec's memory."""
    folder = f"memory://{uuid.uuid4().hex}"
    yield f"{folder}/store"
    if fsspec.filesystem("memory").exists(folder):
        fsspec.filesystem("memory").rm(folder, recursive=True)


@pytest.fixture
def colours(tmp_path: Path) -> ColourSet:
    made = make_colour_set(tmp_path)
    (made.photos / "5.JPEG").write_bytes(b"no photo")
    return made


def fetched(url: str) -> dict[str, bytes]:
    system, path = fsspec.url_to_fs(url)
    return {name.removeprefix(f"{path}/"): system.cat_file(name) for name in system.find(path)}


@pytest.mark.parametrize("form", [(), ("--pack", "2")], ids=["files", "packs"])
def test_preprocess_and_verify(
    colours: ColourSet, tmp_path: Path, url: str, form: tuple[str, ...]
) -> None:
    plan = regcore("preprocess", colours.photos, url, "--for", colours.model, *form, "--dry-run")
    assert plan.exit_code == 0
    assert url in plan.stdout
    for out in (url, tmp_path / "alone"):
        made = regcore("preprocess", colours.photos, out, "--for", colours.model, *form)
        assert made.exit_code == 3
        assert f"INCOMPLETE: 8 of 9 images in {out} as" in made.stdout
    assert fetched(url) == content(tmp_path / "alone")
    kept = regcore("preprocess", colours.photos, url, "--for", colours.model, *form)
    assert "; 8 kept by their sizes in " in kept.stdout
    plan = regcore("preprocess", colours.photos, url, "--for", colours.model, *form, "--dry-run")
    assert "MiB of them are there and would be kept by their sizes" in plan.stdout
    again = regcore("preprocess", colours.photos, url, "--for", colours.model, *form, "--json")
    assert (json.loads(again.stdout)["kept"], json.loads(again.stdout)["out"]) == (8, url)
    for more in ((), ("--ledger",)):
        verified = regcore("verify", url, *more)
        assert verified.stdout == "8 of 8 images compared: 0 differ\n", verified.stderr
        assert verified.exit_code == 0
    assert find_recipe(url).recipe == find_recipe(tmp_path / "alone").recipe
    assert regcore("recipe", "show", url).exit_code == 0
    file = next(name for name in fetched(url) if name.endswith(".bin"))
    fsspec.filesystem("memory").pipe_file(f"{url}/{file}", bytes(len(fetched(url)[file])))
    assert regcore("verify", "--ledger", url).exit_code == 5


@pytest.mark.parametrize("form", [{}, {"batch_size": 2}], ids=["files", "packs"])
def test_run_and_infer_read_it(
    colours: ColourSet, tmp_path: Path, url: str, form: dict[str, Any]
) -> None:
    pack = ("--pack", form["batch_size"]) if form else ()
    results = {}
    for place, name in ((url, "there"), (tmp_path / "store", "here")):
        regcore("preprocess", colours.photos, place, "--for", colours.model, *pack)
        evaluate_model(colours.model, place, colours.labels, out=tmp_path / f"run-{name}")
        infer = regcore("infer", colours.model, place, tmp_path / f"infer-{name}")
        assert infer.exit_code == 3, infer.stderr
        results[name] = timeless_files(tmp_path / f"run-{name}")
        results[name]["run.json"].pop("images")
        results[name]["scores"] = {
            path.name: path.read_bytes()
            for path in (tmp_path / f"infer-{name}").rglob("[0-9]_1.txt")
        }
    assert results["there"]["scores"]
    assert results["there"] == results["here"]


def test_what_wants_files_of_a_disk_says_so(colours: ColourSet, tmp_path: Path, url: str) -> None:
    regcore("preprocess", colours.photos, url, "--for", colours.model)
    listed = regcore("info", "bin", url, tmp_path / "x.info", 224, 224)
    assert listed.exit_code == 2
    assert f"{url}: is a URL; the tool that reads OUT.info opens files of a disk" in listed.stderr
    with pytest.raises(UsageError, match="is a store; photos are needed"):
        calibrate_model(colours.model, url, tmp_path / "calibration", count=2)
    same = regcore("preprocess", url, f"{url}/", "--for", colours.model)
    assert same.exit_code in {2, 3}
    none = regcore("verify", f"{url}/none")
    assert none.exit_code == 3
    assert f"{url}/none: no manifest.json: not a store" in none.stderr


def test_a_url_of_the_folder_of_the_photos_is_refused(colours: ColourSet) -> None:
    before = content(colours.photos)
    url = f"file://{colours.photos}"
    for src, out in ((colours.photos, url), (url, colours.photos), (url, f"local://{url[7:]}/")):
        made = regcore("preprocess", src, out, "--for", colours.model)
        assert (made.exit_code, "OUT is the folder of SRC" in made.stderr) == (2, True)
    assert content(colours.photos) == before
