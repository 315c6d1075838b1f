"""Stores that tasks of Ray write, against those of one process, byte for byte."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore as regcore_command
from labelled_photos import LabelledPhotos
from store_forms import FILES, FORMS, PACKS, RECIPE, content

import regcore.ray.store
from regcore import DatasetError, Preprocessor, Recipe, UsageError, open_store
from regcore.ray import write_store
from regcore.sources.spelling import open_source
from regcore.store.manifest_form import StoreLayout
from regcore.store.progress import Tally, TooManyBadError
from regcore.store.writer import write_store as write_alone

BAD = 7
pytestmark = [pytest.mark.usefixtures("cluster"), pytest.mark.slow]


def alone(photos: list[str], folder: Path, form: StoreLayout) -> dict[str, bytes]:
    source = open_source(Path(photos[0]).parent)
    write_alone(Preprocessor(RECIPE), source, source.names, folder, form)
    return content(folder)


@FORMS
@pytest.mark.parametrize("shards", [1, 5])
def test_the_store_is_that_of_one_machine(
    photos: list[str], tmp_path: Path, form: StoreLayout, shards: int
) -> None:
    wanted = alone(photos, tmp_path / "alone", form)
    summary = write_store(
        Path(photos[0]).parent, tmp_path / "together", RECIPE, form=form, shards=shards, workers=1
    )
    assert content(tmp_path / "together") == wanted
    assert (summary.kept, summary.written, len(summary.errors)) == (0, len(photos) - 1, 1)
    assert summary.errors[0].path == photos[BAD]
    assert summary.errors[0].index == BAD
    store = open_store(tmp_path / "together", recipe=RECIPE)
    assert len(store) == len(photos) - 1


def test_real_photos(labelled_photos: LabelledPhotos, tmp_path: Path) -> None:
    recipe = Recipe.preset("regnety_016").in_form("uint8")
    source = open_source(labelled_photos.folder)
    write_alone(Preprocessor(recipe), source, source.names, tmp_path / "alone")
    write_store(labelled_photos.folder, tmp_path / "together", recipe, shards=7, workers=1)
    assert content(tmp_path / "together") == content(tmp_path / "alone")


def test_paths_of_a_dataset_in_any_order(photos: list[str], tmp_path: Path) -> None:
    import ray

    rows = [{"path": path, "label": 0} for path in photos]
    dataset = ray.data.from_items(rows).random_shuffle(seed=1)
    write_store(dataset, tmp_path / "together", RECIPE, shards=3)
    assert content(tmp_path / "together") == alone(photos, tmp_path / "alone", FILES)
    with pytest.raises(UsageError, match="no column path with their paths among label"):
        write_store(dataset.select_columns(["label"]), tmp_path / "other", RECIPE)
    with pytest.raises(UsageError, match=r"^the dataset: 00\.jpg is named 2 times"):
        write_store(dataset.union(dataset), tmp_path / "other", RECIPE)


def dying_once(make: Callable[[Any, Any], Any], marks: Path) -> Callable[[Any, Any], Any]:
    """What a task does, in a process that dies at the end of it, once for each portion."""

    def dies(job: Any, shared: Any) -> Any:
        made = make(job, shared)
        mark = marks / str(job[0].places[0])
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    return dies


@FORMS
def test_tasks_that_die_are_done_again(
    photos: list[str], tmp_path: Path, form: StoreLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "marks").mkdir()
    dies = dying_once(regcore.ray.store._make, tmp_path / "marks")
    monkeypatch.setattr(regcore.ray.store, "_make", dies)
    write_store(Path(photos[0]).parent, tmp_path / "made", RECIPE, form=form, shards=3)
    assert len(list((tmp_path / "marks").iterdir())) == 3
    assert content(tmp_path / "made") == alone(photos, tmp_path / "alone", form)


@FORMS
def test_a_driver_that_dies_goes_on(
    photos: list[str], tmp_path: Path, form: StoreLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(photos[0]).parent
    with monkeypatch.context() as patch:
        patch.setattr(Tally, "running", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_store(folder, tmp_path / "made", RECIPE, form=form, shards=3)
    with pytest.raises(DatasetError, match="its making was interrupted"):
        open_store(tmp_path / "made")
    summary = write_store(folder, tmp_path / "made", RECIPE, form=form, shards=7)
    assert summary.kept > 0
    assert summary.written > 0
    assert content(tmp_path / "made") == alone(photos, tmp_path / "alone", form)


def _interrupt(*_: object) -> bool:
    raise KeyboardInterrupt


def test_what_speaks_against_it(photos: list[str], tmp_path: Path) -> None:
    folder = Path(photos[0]).parent
    with pytest.raises(UsageError, match="no node of the cluster has 4 CPUs, the largest has 3;"):
        write_store(folder, tmp_path / "made", RECIPE, workers=4)
    with pytest.raises(TooManyBadError, match="0 are allowed"):
        write_store(folder, tmp_path / "made", RECIPE, max_bad=0)
    with pytest.raises(UsageError, match="shards"):
        write_store(folder, tmp_path / "made", RECIPE, shards=0)
    assert np.prod(PACKS.pack_images or 0) == 8


def test_the_command(photos: list[str], tmp_path: Path) -> None:
    fields = "resize=32,crop=24,filter=bilinear,mean=0,0,0,std=1,1,1"
    for out, more in (("alone", ()), ("together", ("--ray", "auto", "--workers", "2"))):
        command = ("preprocess", Path(photos[0]).parent, tmp_path / out, "--recipe", fields, *more)
        result = regcore_command(*command)
        assert result.exit_code == 3
        assert photos[BAD] in result.stderr
    assert content(tmp_path / "together") == content(tmp_path / "alone")
