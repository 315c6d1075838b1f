"""From files to TopN: every image with its own label, failures apart, any batch size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from labelled_photos import imagenet_200
from onnx_models import save_model
from PIL import Image

from regcore import DatasetError, Preprocessor, Recipe
from regcore.backends.registry import open_backend
from regcore.inference.evaluate import evaluate

RECIPE = Recipe(resize=16, crop=16)
COLOURS = ("red", "lime", "blue")


def photos(folder: Path, count: int) -> tuple[list[Path], np.ndarray]:
    paths = [folder / f"{i}.jpg" for i in range(count)]
    for i, path in enumerate(paths):
        Image.new("RGB", (20 + i, 30), COLOURS[i % 3]).save(path)
    return paths, np.arange(count) % 3


@pytest.mark.parametrize("batch_size", [1, 4, 7, 100])
@pytest.mark.parametrize("workers", [1, 3])
def test_every_image_meets_its_label(tmp_path: Path, batch_size: int, workers: int) -> None:
    paths, labels = photos(tmp_path, 14)
    labels[5] = 2 - labels[5] % 2  # blue, but called something else
    done: list[int] = []
    with open_backend(save_model(tmp_path / "m.onnx", size=16)) as backend:
        result = evaluate(
            Preprocessor(RECIPE, workers=workers),
            backend,
            paths,
            labels,
            batch_size=batch_size,
            progress=lambda count, _: done.append(count),
        )
    assert result.complete
    assert result.images == result.topn.count == 14
    assert result.topn.hits[0] == (labels == np.arange(14) % 3).sum()
    assert result.topn.hits[2] == 14
    assert result.indices[:, 0].tolist() == [i % 3 for i in range(14)]
    assert (result.indices[:, 3:] == -1).all()
    assert np.isnan(result.values[:, 3:]).all()
    assert (np.diff(result.values[:, :3]) <= 0).all()
    assert done == sorted(done)
    assert done[-1] == 14
    assert result.seconds >= result.device_seconds + result.wait_seconds > 0
    assert result.images_per_s == 14 / result.seconds


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_failed_images_are_reported_and_not_counted(tmp_path: Path, batch_size: int) -> None:
    paths, labels = photos(tmp_path, 9)
    for bad in (0, 4, 5):
        paths[bad].write_bytes(b"\xff\xd8 not a photo")
    paths[8].unlink()
    with open_backend(save_model(tmp_path / "m.onnx", size=16)) as backend:
        result = evaluate(Preprocessor(RECIPE), backend, paths, labels, batch_size=batch_size)
    assert not result.complete
    assert [error.path for error in result.errors] == [str(paths[i]) for i in (0, 4, 5, 8)]
    assert result.images == 5
    assert result.topn.hits[0] == 5
    assert np.flatnonzero(result.indices[:, 0] == -1).tolist() == [0, 4, 5, 8]
    assert np.isnan(result.values[[0, 4, 5, 8]]).all()


def test_a_label_too_large_is_found_before_anything_is_counted(tmp_path: Path) -> None:
    paths, labels = photos(tmp_path, 4)
    labels[3] = 10
    with open_backend("simulated:1e6:10") as backend, pytest.raises(DatasetError, match="label 10"):
        evaluate(Preprocessor(RECIPE), backend, paths, labels, batch_size=1)


def test_labels_and_items_must_be_as_many(tmp_path: Path) -> None:
    paths, labels = photos(tmp_path, 3)
    with open_backend("simulated:1e6") as backend, pytest.raises(ValueError, match="3 items"):
        evaluate(Preprocessor(RECIPE), backend, paths, labels[:2], batch_size=2)


def test_nothing_to_evaluate() -> None:
    with open_backend("simulated:1e6") as backend:
        result = evaluate(
            Preprocessor(RECIPE), backend, [], np.array([], dtype=np.int64), batch_size=2
        )
    assert result.complete
    assert result.topn.count == 0


@pytest.mark.slow
def test_real_photos_get_the_known_accuracy(shared_data: Path) -> None:
    pytest.importorskip("onnxruntime")
    photos = imagenet_200(shared_data)
    paths, labels = photos.read()
    preprocessor = Preprocessor(Recipe.preset("tf_efficientnet_lite0"))
    with open_backend(shared_data / "models" / "efficientnet_lite0.onnx") as backend:
        result = evaluate(preprocessor, backend, paths, labels, batch_size=8)
    assert result.topn.hits.tolist() == photos.hits
