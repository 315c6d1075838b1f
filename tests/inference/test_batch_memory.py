"""Batches larger than what there is: memory is taken for the images, not for the batch size."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from oracles import jpeg, photo_like

from regcore import Preprocessor, Recipe, open_store
from regcore.backends.simulated.backend import SimulatedBackend
from regcore.inference.inputs.bin_files import BinInputs
from regcore.inference.inputs.noise import NoiseInputs
from regcore.inference.inputs.photos import PhotoInputs
from regcore.inference.inputs.source import Inputs
from regcore.inference.inputs.store import StoreInputs, batches_in_order

RECIPE = Recipe(resize=16, crop=16)
IMAGES = 5
LARGE = 1 << 40


class _Recording(SimulatedBackend):
    """Notes which memory it is asked for."""

    def __init__(self) -> None:
        super().__init__(1e6, classes=3)
        self.asked: list[tuple[int, ...]] = []

    def host_buffers(
        self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> list[np.ndarray]:
        self.asked.append(shape)
        return [np.empty(shape, dtype) for _ in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    (folder / "photos").mkdir()
    for number in range(IMAGES):
        (folder / "photos" / f"{number}.jpg").write_bytes(jpeg(photo_like(40, 30, number)))
    (folder / "recipe.json").write_text(json.dumps(RECIPE.to_dict()))
    made = ("preprocess", folder / "photos", folder / "store", "--recipe", folder / "recipe.json")
    assert regcore(*made).exit_code == 0
    listed = ("info", "bin", folder / "store", folder / "store.info", 16, 16)
    assert regcore(*listed).exit_code == 0
    return folder


def photos(folder: Path) -> Inputs:
    return PhotoInputs(Preprocessor(RECIPE), folder / "photos")


def store(folder: Path) -> Inputs:
    return StoreInputs(open_store(folder / "store"))


def bins(folder: Path) -> Inputs:
    return BinInputs(folder / "store.info", RECIPE, workers=1)


@pytest.mark.parametrize("inputs", [photos, store, bins])
def test_a_batch_of_all_images(inputs: Callable[[Path], Inputs], folder: Path) -> None:
    backend = _Recording()
    with inputs(folder).batches(backend, LARGE) as batches:
        assert [list(batch.indices) for batch in batches] == [list(range(IMAGES))]
    with inputs(folder).batches(backend, LARGE, np.array([0, 1])) as batches:
        assert [list(batch.indices) for batch in batches] == [[0, 1]]
    assert {shape[0] for shape in backend.asked} == {IMAGES, 2}


def test_a_batch_of_names(folder: Path) -> None:
    backend = _Recording()
    opened = open_store(folder / "store")
    (batch,) = batches_in_order(opened, backend, LARGE, opened.listed[::-1])
    assert len(batch.images) == IMAGES
    assert backend.asked[0][0] == IMAGES


def test_a_profile_of_batches_that_the_machine_cannot_hold(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regcore.images.result_memory.free_memory", lambda: 1 << 30)
    profile = ("profile", "simulated:999", folder / "photos", "--recipe", "regnety_016")
    refused = regcore(*profile, "--batch", 65536)
    assert refused.exit_code == 4
    assert "regcore: out of memory: batches of 65536 images take 73.5 GiB" in refused.stderr


def test_noise_that_the_machine_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regcore.images.result_memory.free_memory", lambda: 1 << 30)
    with pytest.raises(MemoryError, match=r"^1048576 images of noise take 6\.0 GiB, and there are"):
        NoiseInputs(RECIPE, 1 << 20, 1 << 20)
    noise = ("infer", "simulated:9", "--random", "out", "--recipe", "regnety_016")
    refused = regcore(*noise, "--batch-size", 65536 // 2)
    assert refused.exit_code == 4
    assert "regcore: out of memory: 32768 images of noise take 36.8 GiB" in refused.stderr
