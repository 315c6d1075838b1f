"""What a store may not destroy, and what it survives: other orders, force, power cuts."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from oracles import assert_same_bytes, reference, save_photos
from store_forms import FILES, PACKS, PADDED, RECIPE, content

from regcore import (
    DatasetError,
    MismatchError,
    OutputError,
    Preprocessor,
    UsageError,
    open_store,
    write_store,
)
from regcore.store.ledger import LEDGER
from regcore.store.manifest import MANIFEST
from regcore.store.manifest_form import StoreLayout
from regcore.store.space import peak_growth
from regcore.store.writer import plan_store

FORMS = pytest.mark.parametrize("form", [FILES, PACKS, PADDED], ids=["files", "packs", "padded"])
PREPROCESSOR = Preprocessor(RECIPE, workers=2)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    save_photos(tmp_path / "photos", 17)
    return tmp_path / "photos"


NAMES = [f"{i}.JPEG" for i in range(17)]


@FORMS
def test_the_order_is_the_one_asked_for(photos: Path, tmp_path: Path, form: StoreLayout) -> None:
    out = tmp_path / "out"
    write_store(PREPROCESSOR, photos, NAMES, out, form)
    order = NAMES[::-1]
    summary = write_store(PREPROCESSOR, photos, order, out, form)
    assert summary.kept == (17 if form == FILES else 0)
    write_store(PREPROCESSOR, photos, order, tmp_path / "clean", form)
    assert content(out) == content(tmp_path / "clean")
    places = np.concatenate([batch.indices for batch in open_store(out).batches(4)])
    images = np.concatenate([batch.images for batch in open_store(out).batches(4)])
    for place, image in zip(places.tolist(), images, strict=True):
        assert_same_bytes(image, reference(str(photos / order[place]), RECIPE))


@pytest.mark.slow
@FORMS
@pytest.mark.parametrize("text", [b"", b"\0" * 700, "half", None, b'{\n  "format": "regcore store'])
def test_a_manifest_that_a_power_cut_took_is_resumed_from(
    photos: Path, tmp_path: Path, form: StoreLayout, text: bytes | str | None
) -> None:
    out = tmp_path / "out"
    (photos / "3.JPEG").write_bytes(b"no picture")
    write_store(PREPROCESSOR, photos, NAMES, out, form)
    whole = content(out)
    if text is None:
        (out / MANIFEST).unlink()
    else:
        half = whole[MANIFEST][: len(whole[MANIFEST]) // 2]
        (out / MANIFEST).write_bytes(half if isinstance(text, str) else text)
        with pytest.raises(DatasetError, match="again completes"):
            open_store(out)
    assert write_store(PREPROCESSOR, photos, NAMES, out, form).kept == 16
    assert content(out) == whole


@FORMS
def test_without_a_manifest_values_of_another_recipe_are_not_taken(
    photos: Path, tmp_path: Path, form: StoreLayout
) -> None:
    out, other = tmp_path / "out", Preprocessor(replace(RECIPE, filter="box"), workers=2)
    write_store(other, photos, NAMES, out, form)
    (out / MANIFEST).write_bytes(b"")
    assert write_store(PREPROCESSOR, photos, NAMES, out, form).kept == 0
    write_store(PREPROCESSOR, photos, NAMES, tmp_path / "clean", form)
    assert content(out) == content(tmp_path / "clean")


@FORMS
def test_force_touches_nothing_before_all_is_checked(
    photos: Path, tmp_path: Path, form: StoreLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_store(PREPROCESSOR, photos, NAMES, out, form)
    (out / "mine.bin").write_bytes(b"1")
    before = content(out)
    with pytest.raises(UsageError, match=r"mine\.bin"):
        write_store(PREPROCESSOR, photos, NAMES, out, form, force=True)
    assert content(out) == before
    (out / "mine.bin").unlink()
    larger = Preprocessor(replace(RECIPE, dtype="float32"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    for action in (write_store, plan_store):  # the run and its plan agree
        with pytest.raises(OutputError, match="left"):
            action(larger, photos, NAMES, out, form, force=True)
        assert content(out).items() <= before.items()
        assert open_store(out, recipe=RECIPE).listed == NAMES
    write_store(PREPROCESSOR, photos, NAMES, out, form, force=True)  # in the place of the old ones
    assert len(open_store(out)) == 17


def test_files_that_are_replaced_free_their_space(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_store(PREPROCESSOR, photos, NAMES, out)
    for name in NAMES:
        os.utime(photos / name)
    for free, enough in ((RECIPE.image_bytes - 1, False), (RECIPE.image_bytes, True)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        for action in (plan_store, write_store):
            if enough:
                action(PREPROCESSOR, photos, NAMES, out, FILES)
            else:
                with pytest.raises(OutputError, match="left"):
                    action(PREPROCESSOR, photos, NAMES, out, FILES)


@pytest.mark.parametrize(
    ("files", "in_work", "peak"),
    [
        ([], 1, 0),
        ([(5, 0), (5, 0)], 1, 10),
        ([(5, 5)] * 4, 1, 5),
        ([(5, 5)] * 4, 2, 10),
        ([(5, 9), (5, 0)], 1, 5),
        ([(5, 0), (5, 9), (9, 0)], 1, 10),
    ],
)
def test_growth(files: list[tuple[int, int]], in_work: int, peak: int) -> None:
    assert peak_growth(files, in_work) == peak


def test_a_plan_refuses_what_the_run_does_and_touches_nothing(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert plan_store(PREPROCESSOR, photos, NAMES, out, FILES).there == 0
    assert not out.exists()
    write_store(PREPROCESSOR, photos, NAMES, out)
    before = content(out)
    assert plan_store(PREPROCESSOR, photos, NAMES, out, FILES).there == 17 * RECIPE.image_bytes
    with pytest.raises(MismatchError, match="filter"):
        plan_store(Preprocessor(replace(RECIPE, filter="box")), photos, NAMES, out, FILES)
    with pytest.raises(UsageError, match="not listed now"):
        plan_store(PREPROCESSOR, photos, NAMES[:3], out, FILES)
    assert content(out) == before


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda out, photo: (out / "0.bin").symlink_to(photo), "over the input"),
        (lambda out, photo: (out / "0.bin").hardlink_to(photo), "over the input"),
        (lambda out, _: (out / "0.bin").write_bytes(b"x"), "no store here has made"),
        (lambda out, _: (out / MANIFEST).write_text('{"name": "an app"}'), "move it away"),
        (lambda out, _: (out / LEDGER).write_text('{"a": 1}\n'), "move it away"),
        (lambda out, _: (out / LEDGER).write_text('["a", 1]\n["b"'), "move it away"),
        (lambda out, _: os.mkfifo(out / MANIFEST), "FIFO"),
        (lambda out, _: os.mkfifo(out / LEDGER), "not a regular file"),
        (lambda out, _: os.mkfifo(out / f"{LEDGER}.part"), "not a regular file"),
        (lambda out, photo: (out / f"{LEDGER}.part").symlink_to(photo), "link"),
    ],
)  # fmt: skip
def test_nothing_of_others_is_touched(
    photos: Path, tmp_path: Path, make: Callable[[Path, Path], object], words: str
) -> None:
    out, photo = tmp_path / "out", photos / "0.JPEG"
    out.mkdir()
    make(out, photo)
    state = {path.name: path.lstat().st_ino for path in out.iterdir()}
    before = content(out), content(photos)
    with pytest.raises((UsageError, DatasetError, OutputError), match=words):
        write_store(PREPROCESSOR, photos, NAMES, out)
    assert {path.name: path.lstat().st_ino for path in out.iterdir()} == state
    assert (content(out), content(photos)) == before


def test_an_image_among_its_own_results_is_not_replaced(photos: Path) -> None:
    (photos / "0.JPEG").rename(photos / "0.bin")
    before = content(photos)
    for force in (False, True):
        with pytest.raises(UsageError, match="over the input"):
            write_store(PREPROCESSOR, photos, ["0.bin"], photos, force=force)
    assert content(photos) == before


@pytest.mark.parametrize(
    "name", ["../other/0.JPEG", "/absolute/0.JPEG", "a/../0.JPEG", "0\0.JPEG", ""]
)
def test_no_image_is_written_outside_of_the_store(photos: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no path below"):
        write_store(PREPROCESSOR, photos, [name], tmp_path / "out", StoreLayout(keep_folders=True))
    assert not (tmp_path / "out").exists()


def test_no_image_is_written_through_a_link(photos: Path, tmp_path: Path) -> None:
    (photos / "a").mkdir()
    (photos / "0.JPEG").rename(photos / "a" / "0.JPEG")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").symlink_to(photos / "a")
    with pytest.raises(UsageError, match="leads out of"):
        write_store(
            PREPROCESSOR, photos, ["a/0.JPEG"], tmp_path / "out", StoreLayout(keep_folders=True)
        )
    assert set(content(photos / "a")) == {"0.JPEG"}


def test_one_image_by_two_spellings_is_listed_twice(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="listed 2 times"):
        write_store(PREPROCESSOR, photos, ["0.JPEG", "./0.JPEG"], tmp_path / "out", PACKS)


@FORMS
def test_only_own_leftovers_go(photos: Path, tmp_path: Path, form: StoreLayout) -> None:
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True)
    mine = [".regcore-0123456789abcdef.tmp", ".regcore-1-2.part", ".pack-00001.bin.part"]
    others = [".download.part", "sub/.x.part", ".mine.tmp", "x.part"]
    for name in (*mine, *others):
        (out / name).write_bytes(b"left")
    write_store(PREPROCESSOR, photos, NAMES, out, form)
    left = set(content(out))
    assert left & {*mine, *others} == set(others)


def test_failed_images_of_many_packs_are_tried_by_one_team(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES[::2]:
        (photos / name).write_bytes(b"no picture")
    form = replace(PACKS, batch_size=1, pack_images=1)
    write_store(PREPROCESSOR, photos, NAMES, tmp_path / "out", form)
    teams: list[int] = []
    stream = Preprocessor.stream

    def counted(self: Preprocessor, items: list[str], *args: int, **options: str) -> object:
        teams.append(threading.get_ident())
        return stream(self, items, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Preprocessor, "stream", counted)
    assert write_store(PREPROCESSOR, photos, NAMES, tmp_path / "out", form).kept == 8
    assert len(teams) == 1


@FORMS
def test_nothing_is_declared_before_the_disk_has_it(
    photos: Path, tmp_path: Path, form: StoreLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_store(PREPROCESSOR, photos, NAMES, out, form)
    os.utime(photos / "0.JPEG")
    events: list[tuple[str, str]] = []

    def noted(what: str, call: Callable[..., object]) -> Callable[..., object]:
        def noting(*arguments: object) -> object:
            result = call(*arguments)
            last = arguments[-1]
            path = Path(f"/proc/self/fd/{last}").readlink() if isinstance(last, int) else last
            events.append((what, Path(str(path)).name))
            return result

        return noting

    monkeypatch.setattr(os, "fsync", noted("synced", os.fsync))
    monkeypatch.setattr(os, "fdatasync", noted("synced", os.fdatasync))
    monkeypatch.setattr(Path, "replace", noted("named", Path.replace))
    monkeypatch.setattr(Path, "rename", noted("named", Path.rename))
    removed = noted("removed", Path.unlink)

    def unlink(path: Path, **_: bool) -> None:
        if path.exists():
            removed(path)

    monkeypatch.setattr(Path, "unlink", unlink)
    durable = "regcore.store.durable._sync_file_system"
    monkeypatch.setattr(durable, lambda file: events.append(("synced", f"all of {file >= 0}")))
    write_store(PREPROCESSOR, photos, NAMES, out, form)

    at = {event: place for place, event in enumerate(events)}  # the last of each
    folder = [place for place, event in enumerate(events) if event == ("synced", "out")]
    journal = f"{LEDGER}.part"
    gone, begun = events.index(("removed", MANIFEST)), events.index(("synced", journal))
    assert any(gone < place < begun for place in folder)  # before a value changes
    values = ("synced", "all of True") if form == FILES else ("named", "pack-00000.bin")
    assert begun < at[values] < at["named", LEDGER]
    assert any(at["named", LEDGER] < place < at["named", MANIFEST] for place in folder)
    assert any(at["named", MANIFEST] < place < at["removed", journal] for place in folder)
    if form != FILES:
        assert events[at[values] - 1][0] == "synced"  # its content
