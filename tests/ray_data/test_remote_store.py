"""Stores behind URLs that tasks of Ray write, whatever dies on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from api.colour_set import make_colour_set
from api.same_files import timeless_files
from buckets import Buckets
from command_line import regcore as regcore_command
from store_forms import FILES, FORMS, RECIPE, content

from regcore import DatasetError, Preprocessor, evaluate_model, open_store
from regcore.ray import run, write_store
from regcore.sources.spelling import open_source
from regcore.store.manifest_form import StoreLayout
from regcore.store.progress import Tally
from regcore.store.writer import write_store as write_alone

BAD = 7
pytestmark = [pytest.mark.usefixtures("cluster"), pytest.mark.slow]


def alone(photos: list[str], folder: Path, form: StoreLayout) -> dict[str, bytes]:
    source = open_source(Path(photos[0]).parent)
    write_alone(Preprocessor(RECIPE), source, source.names, folder, form)
    return content(folder)


@FORMS
def test_the_store_is_that_of_one_machine(
    photos: list[str], tmp_path: Path, form: StoreLayout
) -> None:
    bucket = Buckets(str(tmp_path / "bucket"), resets=1)
    place = (bucket, "b/store")
    summary = write_store(Path(photos[0]).parent, place, RECIPE, form=form, shards=5)
    assert (summary.kept, summary.written) == (0, len(photos) - 1)
    assert summary.errors[0].path == photos[BAD]
    assert bucket.content("b/store") == alone(photos, tmp_path / "alone", form)
    store = open_store(place, recipe=RECIPE)
    assert (store[:] == open_store(tmp_path / "alone")[:]).all()


@FORMS
def test_tasks_that_die_half_way_through_a_put(
    photos: list[str], tmp_path: Path, form: StoreLayout
) -> None:
    file = "11.bin" if form is FILES else "pack-00001.bin"
    bucket = Buckets(str(tmp_path / "bucket"), dies_at=file)
    write_store(Path(photos[0]).parent, (bucket, "b/store"), RECIPE, form=form, shards=3)
    assert [mark.name for mark in bucket.marks.iterdir()] == [file]
    assert list(bucket.uploads.iterdir())  # of which nobody sees anything
    assert bucket.content("b/store") == alone(photos, tmp_path / "alone", form)


@FORMS
def test_a_driver_that_dies_goes_on(
    photos: list[str], tmp_path: Path, form: StoreLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, bucket = Path(photos[0]).parent, Buckets(str(tmp_path / "bucket"))
    with monkeypatch.context() as patch:
        patch.setattr(Tally, "running", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_store(folder, (bucket, "b/store"), RECIPE, form=form, shards=3)
    with pytest.raises(DatasetError, match=r"s3://b/store: no manifest\.json.* was interrupted"):
        open_store((bucket, "b/store"))
    summary = write_store(folder, (bucket, "b/store"), RECIPE, form=form, shards=7)
    assert summary.kept > 0
    assert bucket.content("b/store") == alone(photos, tmp_path / "alone", form)


def _interrupt(*_: object) -> bool:
    raise KeyboardInterrupt


@pytest.mark.parametrize("form", [(), ("--pack", "2")], ids=["files", "packs"])
def test_the_commands(tmp_path: Path, form: tuple[str, ...]) -> None:
    colours = make_colour_set(tmp_path)
    url = f"file://{tmp_path}/there/store"
    prepare = ("preprocess", colours.photos, url, "--for", colours.model, *form)
    made = regcore_command(*prepare, "--ray", "auto", "--workers", "1")
    assert made.exit_code == 0, made.stderr
    regcore_command("preprocess", colours.photos, tmp_path / "here", "--for", colours.model, *form)
    assert content(tmp_path / "there" / "store") == content(tmp_path / "here")
    how = {"batch_size": 2, "workers": 1}
    run(colours.model, url, colours.labels, out=tmp_path / "many", **how)
    evaluate_model(colours.model, url, colours.labels, out=tmp_path / "one", **how)
    for name in ("result.json", "predictions.csv"):
        assert timeless_files(tmp_path / "many")[name] == timeless_files(tmp_path / "one")[name]
