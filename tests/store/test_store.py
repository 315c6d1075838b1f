"""Stores: their values, their forms, and what becomes of odd and bad input."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xxhash
from oracles import assert_same_bytes, reference, save_photos
from store_forms import FILES, FORMS, PACKS, PADDED, RECIPE, content, everything

from regcore import (
    DatasetError,
    MismatchError,
    OutputError,
    Preprocessor,
    Recipe,
    UsageError,
    open_store,
    write_store,
)
from regcore.store.layout import pack_form
from regcore.store.ledger import LEDGER
from regcore.store.manifest import MANIFEST
from regcore.store.manifest_form import StoreLayout
from regcore.store.progress import TooManyBadError
from regcore.store.verify import verify_store


@pytest.fixture
def preprocessor() -> Preprocessor:
    return Preprocessor(RECIPE, workers=3)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    save_photos(tmp_path / "photos", 17)
    return tmp_path / "photos"


@FORMS
def test_a_store_has_the_values_of_the_reference(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, form: StoreLayout
) -> None:
    names = everything(photos)
    summary = write_store(preprocessor, photos, names, tmp_path / "out", form)
    assert (summary.written, summary.kept, summary.errors) == (17, 0, ())
    store = open_store(tmp_path / "out", recipe=RECIPE)
    assert store.names == tuple(names)
    assert len(store) == 17
    assert store.failed == {}
    for index, name in enumerate(names):
        expected = reference(str(photos / name), RECIPE)
        assert_same_bytes(store[index], expected)
        assert_same_bytes(store[name], expected)
        assert store.record(name).checksum == xxhash.xxh3_64_hexdigest(expected.tobytes())
        assert store.record(name).size == (photos / name).stat().st_size
    images = [batch.images for batch in store.batches(4)]
    assert_same_bytes(np.concatenate(images), np.stack(list(store)))
    assert np.concatenate([b.indices for b in store.batches(4)]).tolist() == list(range(17))
    with pytest.raises(KeyError, match="no image 'absent'"):
        store["absent"]
    with pytest.raises(TypeError, match=r"by its place, its name or a slice, not by 1\.5"):
        store[1.5]  # type: ignore[index]
    with pytest.raises(IndexError, match=rf": no image {len(store)} of {len(store)}$"):
        store[17]


def test_files_are_named_as_by_the_guide(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    (photos / "0.JPEG").rename(photos / "0.x.y.JPEG")
    write_store(preprocessor, photos, everything(photos), tmp_path / "out")
    files = {f"{i}.bin" for i in range(17)}
    assert set(content(tmp_path / "out")) == files | {MANIFEST, LEDGER}


def test_packs_are_whole_batches_without_copies(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    out = tmp_path / "out"
    write_store(preprocessor, photos, everything(photos), out, PADDED)
    store = open_store(out)
    assert [len(pack) for pack in store.packs] == [8, 8, 1]
    sizes = [(out / f"pack-0000{i}.bin").stat().st_size for i in range(3)]
    assert sizes == [8 * RECIPE.image_bytes, 8 * RECIPE.image_bytes, 4 * RECIPE.image_bytes]
    assert np.shares_memory(store[9], store.packs[1])
    assert isinstance(store.packs[0].base, np.memmap)
    assert not store[0].flags.writeable
    assert [len(batch.images) for batch in store.batches(4)] == [4, 4, 4, 4, 1]


@FORMS
@pytest.mark.parametrize("workers", [1, 2, 8])
def test_any_number_of_workers_makes_the_same_bytes(
    photos: Path, tmp_path: Path, form: StoreLayout, workers: int
) -> None:
    (photos / "5.JPEG").write_bytes(b"\xff\xd8\xff no picture")
    for out, count in (("out", workers), ("expected", 1)):
        preprocessor = Preprocessor(RECIPE, workers=count)
        write_store(preprocessor, photos, everything(photos), tmp_path / out, form)
    assert content(tmp_path / "out") == content(tmp_path / "expected")


@pytest.mark.slow
@pytest.mark.parametrize("form", [FILES, PACKS], ids=["files", "packs"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_every_dtype_and_layout(
    photos: Path, tmp_path: Path, form: StoreLayout, dtype: str, layout: str
) -> None:
    recipe = replace(RECIPE, dtype=dtype, layout=layout)
    names = everything(photos)[:5]
    write_store(Preprocessor(recipe), photos, names, tmp_path / "out", form)
    store = open_store(tmp_path / "out")
    assert store.recipe == recipe
    for name in names:
        assert_same_bytes(store[name], reference(str(photos / name), recipe))


@FORMS
def test_bad_images_are_listed_and_have_no_values(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, form: StoreLayout
) -> None:
    out = tmp_path / "out"
    bad = {"1.JPEG", "3.JPEG", *(f"{i}.JPEG" for i in range(8, 16))}  # the second pack has none
    for name in bad:
        (photos / name).write_bytes(b"no picture")
    (photos / "16.JPEG").unlink()
    names = [f"{i}.JPEG" for i in range(17)]
    summary = write_store(preprocessor, photos, names, out, form)
    assert {Path(error.path).name for error in summary.errors} == bad | {"16.JPEG"}
    store = open_store(out)
    assert set(store.failed) == bad | {"16.JPEG"}
    assert "No such file" in store.failed["16.JPEG"]
    assert store.names == ("0.JPEG", "2.JPEG", "4.JPEG", "5.JPEG", "6.JPEG", "7.JPEG")
    for name in store.names:
        assert_same_bytes(store[name], reference(str(photos / name), RECIPE))
    batches = list(store.batches(4))
    assert np.concatenate([b.indices for b in batches]).tolist() == [0, 2, 4, 5, 6, 7]
    assert [e.index for b in batches for e in b.errors] == [1, 3, *range(8, 17)]
    assert sum(len(batch.images) for batch in store.batches(4, 5)) == 3
    assert [e.index for b in store.batches(4, 10) for e in b.errors] == [1, 3, 8, 9]
    if form is PADDED:
        assert (out / "pack-00000.bin").stat().st_size == 8 * RECIPE.image_bytes
        assert [len(pack) for pack in store.packs] == [6]
    assert not (out / "pack-00001.bin").exists()

    (photos / "16.JPEG").write_bytes((photos / "0.JPEG").read_bytes())
    again = write_store(preprocessor, photos, names, out, form)
    assert {Path(error.path).name for error in again.errors} == bad
    assert (again.kept, again.written) == (6, 1)


def test_what_is_no_readable_file_is_a_bad_image(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    os.mkfifo(photos / "pipe.JPEG")
    (photos / "folder.JPEG").mkdir()
    (photos / "loop.JPEG").symlink_to(photos / "loop.JPEG")
    names = ["0.JPEG", "pipe.JPEG", "folder.JPEG", "loop.JPEG", "1.JPEG/x.JPEG", "2.JPEG"]
    for _ in range(2):
        write_store(preprocessor, photos, names, tmp_path / "out")
        store = open_store(tmp_path / "out")
        assert store.names == ("0.JPEG", "2.JPEG")
        assert store.failed == {
            "pipe.JPEG": "not a regular file",
            "folder.JPEG": "not a regular file",
            "loop.JPEG": "cannot open: Too many levels of symbolic links",
            "1.JPEG/x.JPEG": "cannot open: Not a directory",
        }


def test_an_image_that_cannot_be_read_is_tried_again(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    # A name that only leads to a file later: the ledger has neither size nor time of it.
    (photos / "late.JPEG").symlink_to(tmp_path / "elsewhere.JPEG")
    out, names = tmp_path / "out", everything(photos)
    assert len(write_store(preprocessor, photos, names, out, PACKS).errors) == 1
    assert write_store(preprocessor, photos, names, out, PACKS).kept == 17
    shutil.copy(photos / "0.JPEG", tmp_path / "elsewhere.JPEG")
    assert write_store(preprocessor, photos, names, out, PACKS).errors == ()
    assert_same_bytes(open_store(out)["late.JPEG"], open_store(out)["0.JPEG"])


@pytest.mark.slow
@FORMS
@pytest.mark.parametrize("max_bad", [0, 1, 2, None])
def test_too_many_bad_images_stop_the_run(
    photos: Path,
    tmp_path: Path,
    preprocessor: Preprocessor,
    form: StoreLayout,
    max_bad: int | None,
) -> None:
    good = {name: (photos / name).read_bytes() for name in ("3.JPEG", "12.JPEG")}
    for name in good:
        (photos / name).write_bytes(b"no picture")
    out, names = tmp_path / "out", everything(photos)
    if max_bad in {0, 1}:
        with pytest.raises(TooManyBadError, match=r"3\.JPEG"):
            write_store(preprocessor, photos, names, out, form, max_bad=max_bad)
        with pytest.raises(DatasetError, match="interrupted"):
            open_store(out)
    else:
        summary = write_store(preprocessor, photos, names, out, form, max_bad=max_bad)
        assert len(summary.errors) == 2
    for name, values in good.items():
        (photos / name).write_bytes(values)
    summary = write_store(preprocessor, photos, names, out, form, max_bad=0)
    assert summary.kept + summary.written == 17
    write_store(preprocessor, photos, names, tmp_path / "expected", form)
    assert content(out) == content(tmp_path / "expected")


ODD_NAMES = [
    "a b.JPEG",
    "ä.JPEG",
    "日本語.JPEG",
    "x\ny.JPEG",
    "ü" * 120 + ".JPEG",
    os.fsdecode(b"\xff.JPEG"),
]


@pytest.mark.parametrize("form", [FILES, PACKS], ids=["files", "packs"])
def test_odd_names(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, form: StoreLayout
) -> None:
    for name in ODD_NAMES:
        (photos / name).write_bytes((photos / "0.JPEG").read_bytes())
    names = everything(photos)
    assert set(names) >= set(ODD_NAMES)
    for _ in range(2):
        write_store(preprocessor, photos, names, tmp_path / "out", form)
        store = open_store(tmp_path / "out")
        assert store.names == tuple(names)
        for name in ODD_NAMES:
            assert_same_bytes(store[name], store["0.JPEG"])


def test_a_name_too_long_for_its_file_is_refused_before_any_work(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    (photos / ("n" * 252 + ".GI")).write_bytes(b"")
    with pytest.raises(UsageError, match="longer than 255 bytes"):
        write_store(preprocessor, photos, ["n" * 252 + ".GI"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_images_of_one_name_are_refused_before_any_work(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    names = ["a/1.JPEG", "b/1.JPEG"]
    for name, photo in zip(names, ("1.JPEG", "2.JPEG"), strict=True):
        (photos / name).parent.mkdir()
        (photos / photo).rename(photos / name)
    with pytest.raises(UsageError, match=r"a/1\.JPEG and b/1\.JPEG would both become 1\.bin"):
        write_store(preprocessor, photos, names, tmp_path / "out")
    with pytest.raises(UsageError, match="is listed 2 times"):
        write_store(preprocessor, photos, ["3.JPEG", "4.JPEG", "3.JPEG"], tmp_path / "out")
    assert not (tmp_path / "out").exists()

    write_store(preprocessor, photos, names, tmp_path / "out", StoreLayout(keep_folders=True))
    assert {"a/1.bin", "b/1.bin"} < set(content(tmp_path / "out"))
    assert_same_bytes(
        open_store(tmp_path / "out")["b/1.JPEG"], reference(str(photos / "b/1.JPEG"), RECIPE)
    )


def test_the_recipe_is_checked_by_who_reads(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    out = tmp_path / "out"
    write_store(preprocessor, photos, everything(photos), out)
    with pytest.raises(MismatchError, match="crop 24 there, 20 here") as caught:
        open_store(out, recipe=replace(RECIPE, crop=20))
    assert caught.value.exit_code == 5
    with pytest.raises(MismatchError, match="filter bicubic there, box here"):
        write_store(Preprocessor(replace(RECIPE, filter="box")), photos, everything(photos), out)
    with pytest.raises(MismatchError, match=r": exif ignore there, apply here$"):
        open_store(out, recipe=replace(RECIPE, exif="apply"))
    with pytest.raises(MismatchError, match="another arrangement") as caught:
        write_store(preprocessor, photos, everything(photos), out, PACKS)
    assert ": stored one file an image, asked for packs of 8 images in batches of 4; choose" in str(
        caught.value
    )


def test_arrangements_in_words() -> None:
    assert StoreLayout(keep_folders=True).words() == "one file an image in the folders of SRC"
    padded = StoreLayout(batch_size=1, pack_images=1, padded=True)
    assert padded.words() == "packs of 1 image in batches of 1, the last one filled up"


def test_a_recipe_with_more_fields_than_the_wanted_is_another(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    recipe = replace(RECIPE, fill=(1, 2, 3))
    write_store(Preprocessor(recipe, workers=1), photos, everything(photos), out)
    with pytest.raises(MismatchError, match=r": fill \[1, 2, 3\] there, None here$"):
        open_store(out, recipe=RECIPE)


def test_verify_compares_with_the_sources(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    out = tmp_path / "out"
    write_store(preprocessor, photos, everything(photos), out, PACKS)
    found = verify_store(open_store(out), preprocessor)
    assert (found.compared, found.differing, found.changed, found.errors) == (17, (), (), ())
    assert verify_store(open_store(out), preprocessor, sample=0.3).compared == 5

    pack = bytearray((out / "pack-00001.bin").read_bytes())
    pack[2 * RECIPE.image_bytes + 7] ^= 1
    (out / "pack-00001.bin").write_bytes(pack)
    (photos / "3.JPEG").write_bytes((photos / "4.JPEG").read_bytes())
    (photos / "5.JPEG").unlink()
    found = verify_store(open_store(out), preprocessor)
    assert found.differing == ("3.JPEG", "10.JPEG")
    assert (found.changed, found.gone) == (("3.JPEG",), ("5.JPEG",))
    assert [Path(error.path).name for error in found.errors] == ["5.JPEG"]


def test_a_store_that_is_not_whole_is_not_opened(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor
) -> None:
    out = tmp_path / "out"
    with pytest.raises(DatasetError, match=MANIFEST):
        open_store(tmp_path)
    write_store(preprocessor, photos, everything(photos), out, PACKS)
    (out / "pack-00002.bin").write_bytes(b"short")
    with pytest.raises(DatasetError, match=r"pack-00002\.bin: missing or of another size"):
        open_store(out)["16.JPEG"]
    ledger = (out / LEDGER).read_text()
    (out / LEDGER).write_text(ledger.replace("16.JPEG", "17.JPEG"))
    with pytest.raises(DatasetError, match="not the ledger"):
        open_store(out)


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"format": "regcore store", "version": 99}', "\xff", '{"name": "mine"']
)
def test_a_damaged_manifest_is_refused(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, text: str
) -> None:
    out = tmp_path / "out"
    write_store(preprocessor, photos, everything(photos), out)
    fields = json.loads((out / MANIFEST).read_text())
    del fields["recipe"]["crop"]
    for damaged in (text.encode("latin-1"), json.dumps(fields).encode()):
        (out / MANIFEST).write_bytes(damaged)
        with pytest.raises(DatasetError, match=MANIFEST):
            open_store(out)
        with pytest.raises(DatasetError, match=MANIFEST):
            write_store(preprocessor, photos, everything(photos), out)
    write_store(preprocessor, photos, everything(photos), out, force=True)
    assert len(open_store(out)) == 17


def test_a_folder_that_cannot_be_written(photos: Path, preprocessor: Preprocessor) -> None:
    with pytest.raises(OutputError, match="cannot create"):
        write_store(preprocessor, photos, everything(photos), "/proc/regcore")
    with pytest.raises(OutputError, match="cannot write"):
        write_store(preprocessor, photos, everything(photos), "/proc/self")


def test_the_disk_is_measured_before_any_work(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(OutputError, match="but the disk has 1000 bytes left"):
        write_store(preprocessor, photos, everything(photos), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_guide_layout_equals_pillow_on_photos(imagenet_photos: list[str], tmp_path: Path) -> None:
    recipe = Recipe.preset("regnety_016")
    source = Path(imagenet_photos[0]).parent
    write_store(Preprocessor(recipe), source, everything(source), tmp_path)
    for photo in imagenet_photos:
        expected = reference(photo, recipe).tobytes()
        assert (tmp_path / f"{Path(photo).stem}.bin").read_bytes() == expected


def test_uint8_packs_equal_pillows_pixels(imagenet_photos: list[str], tmp_path: Path) -> None:
    recipe = replace(Recipe.preset("regnety_016"), dtype="uint8", layout="nhwc")
    source = Path(imagenet_photos[0]).parent
    form = pack_form(recipe, 16)
    write_store(Preprocessor(recipe), source, everything(source), tmp_path, form)
    store = open_store(tmp_path)
    for name in store.names:
        assert_same_bytes(store[name], reference(str(source / name), recipe))


@FORMS
def test_slices_and_what_a_store_says_of_itself(
    photos: Path, tmp_path: Path, preprocessor: Preprocessor, form: StoreLayout
) -> None:
    names = everything(photos)
    (photos / names[3]).write_bytes(b"not a photo")
    write_store(preprocessor, photos, names, tmp_path / "out", form)
    store = open_store(tmp_path / "out")
    every = np.stack([store[place] for place in range(len(store))])
    for part in (slice(None), slice(2, 9), slice(-5, None), slice(None, None, -3), slice(9, 4)):
        images = store[part]
        assert_same_bytes(images, every[part])
        assert images.flags.writeable
    shape = " x ".join(map(str, RECIPE.image_shape))
    what = f"16 images of {shape} {RECIPE.dtype}, 1 failed"
    assert names[0] in store
    assert names[3] not in store
    assert every[0] not in store
    assert repr(store) == f"<Store {str(tmp_path / 'out')!r}: {what}>"
