"""How a store's values are read changes nothing in its batches."""

from __future__ import annotations

from math import ceil
from pathlib import Path

import numpy as np
import pytest
from oracles import assert_same_bytes, save_photos
from store_forms import FORMS, RECIPE

from regcore import Batch, Preprocessor, Store, open_store, write_store
from regcore.backends.simulated.backend import SimulatedBackend
from regcore.inference.inputs import store as store_inputs
from regcore.store.manifest_form import StoreLayout
from regcore.store.values import Values

BAD = (1, 8, 9, 16)


@pytest.fixture
def store(tmp_path: Path, form: StoreLayout) -> Store:
    """17 photos, of which four cannot be read."""
    names = save_photos(tmp_path / "photos", 17)
    for number in BAD:
        (tmp_path / "photos" / names[number]).write_bytes(b"no picture")
    write_store(Preprocessor(RECIPE), tmp_path / "photos", names, tmp_path / "out", form)
    return open_store(tmp_path / "out")


def assert_same_batch(one: Batch, other: Batch) -> None:
    assert_same_bytes(one.images, other.images)
    assert one.indices.tolist() == other.indices.tolist()
    assert [e.index for e in one.errors] == [e.index for e in other.errors]


@FORMS
@pytest.mark.parametrize("batch_size", [1, 3, 20])
@pytest.mark.parametrize("together", [2, 5])
@pytest.mark.parametrize("ahead", [1, 2])
def test_several_batches_in_a_read(
    store: Store, batch_size: int, together: int, ahead: int
) -> None:
    for count in (None, 0, 1, 10):
        expected = list(store.batches(batch_size, count))
        found = list(store.batches(batch_size, count, ahead=ahead, together=together))
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same_batch(one, other)
    assert [e.index for batch in store.batches(3, together=2) for e in batch.errors] == list(BAD)


@FORMS
@pytest.mark.parametrize("depth", [1, 2, 3, 7])
@pytest.mark.parametrize("read_bytes", [1, 2, 5, 1000], ids="{} images".format)
def test_a_device_has_its_batches_as_long_as_it_needs_them(
    store: Store, depth: int, read_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_inputs, "_READ_BYTES", read_bytes * RECIPE.image_bytes)
    backend = SimulatedBackend(1e9)
    backend.depth = depth
    expected = [batch.images for batch in store.batches(1) if len(batch.images)]
    kept: list[np.ndarray] = []
    seen = 0
    for batch in store_inputs.device_batches(store, backend, 1):
        if len(batch.images):
            seen += 1
            kept = [*kept, batch.images][-depth:]
        for images, wanted in zip(kept, expected[seen - len(kept) : seen], strict=True):
            assert_same_bytes(images, wanted)
    assert seen == len(expected) == 17 - len(BAD)


@FORMS
def test_small_batches_are_read_together(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    read_into = Values.read_into

    def counted(values: Values, first: int, rows: np.ndarray, *, verify: bool) -> None:
        reads.append(len(rows))
        read_into(values, first, rows, verify=verify)

    monkeypatch.setattr(Values, "read_into", counted)
    batches = list(store_inputs.device_batches(store, SimulatedBackend(1e9), 1))
    assert sum(reads) == 13
    assert len([batch for batch in batches if len(batch.images)]) == 13
    assert len(reads) <= ceil(13 / 6)  # a pack has six or seven of them
