"""What is read from a store is what was written into it, or a named error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from oracles import assert_same_bytes, save_photos
from store_forms import FILES, PACKS, PADDED, RECIPE

from regcore import DatasetError, MismatchError, Preprocessor, Store, open_store, write_store
from regcore.store.manifest_form import StoreLayout
from regcore.store.verify import verify_ledger

FORMS = pytest.mark.parametrize("form", [FILES, PACKS, PADDED], ids=["files", "packs", "padded"])
PHOTOS = 17


def made(folder: Path, form: StoreLayout) -> Path:
    """A store of 17 photos."""
    names = save_photos(folder / "photos", PHOTOS)
    write_store(Preprocessor(RECIPE, workers=2), folder / "photos", names, folder / "out", form)
    return folder / "out"


def exchange(store: Path, form: StoreLayout) -> Path:
    """Puts the values of photo 3 where those of photo 2 belong; returns that file."""
    if form == FILES:
        (store / "2.bin").write_bytes((store / "3.bin").read_bytes())
        return store / "2.bin"
    pack, size = store / "pack-00000.bin", RECIPE.image_bytes
    values = bytearray(pack.read_bytes())
    values[2 * size : 3 * size] = values[3 * size : 4 * size]
    pack.write_bytes(values)
    return pack


READS: dict[str, Callable[[Store], object]] = {
    "by place": lambda store: store[2],
    "by name": lambda store: store["2.JPEG"],
    "in batches": lambda store: list(store.batches(4)),
    "ahead": lambda store: list(store.batches(4, ahead=3)),
}


@pytest.mark.slow
@FORMS
@pytest.mark.parametrize("way", READS)
def test_values_of_another_image_are_a_mismatch(
    tmp_path: Path, form: StoreLayout, way: str
) -> None:
    out = made(tmp_path, form)
    file = exchange(out, form)
    with pytest.raises(MismatchError, match=r"2\.JPEG") as caught:
        READS[way](open_store(out))
    assert str(file) in str(caught.value)
    assert caught.value.exit_code == 5
    READS[way](open_store(out, verify=False))
    assert len(open_store(out)[3]) == 3  # an image that is whole


@pytest.mark.parametrize("form", [PACKS, PADDED], ids=["packs", "padded"])
def test_a_mapped_pack_is_looked_through_first(tmp_path: Path, form: StoreLayout) -> None:
    out = made(tmp_path, form)
    exchange(out, form)
    packs = open_store(out).packs
    assert len(packs) == 3
    with pytest.raises(MismatchError, match=r"2\.JPEG"):
        packs[0]
    assert len(packs[1]) == 8
    assert [len(pack) for pack in packs[1:]] == [8, 1]
    assert_same_bytes(open_store(out, verify=False).packs[0][2], open_store(out)[3])


@FORMS
def test_a_file_cut_short_after_the_store_was_opened(tmp_path: Path, form: StoreLayout) -> None:
    out = made(tmp_path, form)
    store = open_store(out)
    batches = store.batches(4)
    next(batches)
    last = "7.bin" if form == FILES else "pack-00000.bin"
    with (out / last).open("r+b") as file:
        file.truncate(5)
    with pytest.raises(DatasetError, match=last):
        list(batches)


@FORMS
def test_batches_in_given_memory(tmp_path: Path, form: StoreLayout) -> None:
    store = open_store(made(tmp_path, form))
    buffers = [np.empty((4, *RECIPE.image_shape), RECIPE.numpy_dtype) for _ in range(5)]
    expected = [batch.images for batch in store.batches(4)]
    before: list[np.ndarray] = []
    for number, batch in enumerate(store.batches(4, buffers=buffers, ahead=2)):
        assert np.shares_memory(batch.images, buffers[number % 5])
        before = [*before, batch.images][-3:]
        for images, wanted in zip(before, expected[number + 1 - len(before) :], strict=False):
            assert_same_bytes(images, wanted)


@FORMS
@pytest.mark.parametrize("command", ["infer", "verify", "moved"])
def test_commands_name_a_mismatch(tmp_path: Path, form: StoreLayout, command: str) -> None:
    out = made(tmp_path, form)
    moved = out.rename(tmp_path / "elsewhere") if command == "moved" else out
    if command == "moved":
        (tmp_path / "photos").rename(tmp_path / "gone")
    exchange(moved, form)
    arguments = {
        "infer": ("infer", "simulated:2000", moved, tmp_path / "result"),
        "verify": ("verify", moved),
        "moved": ("verify", "--ledger", moved),
    }
    result = regcore(*arguments[command])
    assert result.exit_code == 5, result.output
    assert "2.JPEG" in result.stderr


@FORMS
def test_a_store_against_its_own_ledger(tmp_path: Path, form: StoreLayout) -> None:
    out = made(tmp_path, form)
    found = verify_ledger(open_store(out), workers=3)
    assert (found.compared, found.differing, found.unreadable) == (PHOTOS, (), ())
    exchange(out, form)
    last = out / ("16.bin" if form == FILES else "pack-00002.bin")
    last.unlink()
    found = verify_ledger(open_store(out), workers=3)
    assert (found.compared, found.differing) == (PHOTOS - 1, ("2.JPEG",))
    assert [error.path for error in found.unreadable] == ["16.JPEG"]
    assert str(last) in found.unreadable[0].detail
