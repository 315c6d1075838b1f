"""The Dataset in torch's own DataLoader, against the preprocessor, and torch's own collation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import assert_same_bytes, jpeg, photo_like

from regcore import DecodeError, Preprocessor, Recipe, UsageError, topk

torch = pytest.importorskip("torch", reason="needs torch")

from regcore.torch import ImageDataset, collate, ranks  # noqa: E402
from regcore.torch import topk as tensor_topk  # noqa: E402

RECIPE = Recipe(resize=40, crop=32)
LABELS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("photos")
    paths = [folder / f"{i}.jpg" for i in range(len(LABELS))]
    for i, path in enumerate(paths):
        path.write_bytes(jpeg(photo_like(50 + i, 60 - i, i)))
    return list(map(str, paths))


@pytest.fixture(scope="module")
def expected(photos: list[str]) -> Any:
    return Preprocessor(RECIPE)(photos)


def batches_of(dataset: ImageDataset, **options: Any) -> list[Any]:
    return list(torch.utils.data.DataLoader(dataset, batch_size=4, **options))


@pytest.mark.parametrize("collated", ["whole", "by torch"])
def test_batches_are_the_preprocessors(photos: list[str], expected: Any, collated: str) -> None:
    options = {"collate_fn": collate} if collated == "whole" else {}
    batches = batches_of(ImageDataset(photos, LABELS, RECIPE, workers=2), **options)
    assert [len(images) for images, _ in batches] == [4, 4, 3]
    assert_same_bytes(torch.cat([images for images, _ in batches]).numpy(), expected)
    targets = torch.cat([targets for _, targets in batches])
    assert (targets.dtype, targets.tolist()) == (torch.int64, LABELS)


@pytest.mark.slow
@pytest.mark.parametrize("context", ["fork", "spawn", "forkserver"])
def test_workers_may_be_forked_or_spawned(photos: list[str], expected: Any, context: str) -> None:
    dataset = ImageDataset(photos, LABELS, RECIPE)
    dataset[0]  # this process has threads already
    options = {"num_workers": 2, "collate_fn": collate, "multiprocessing_context": context}
    batches = batches_of(dataset, **options)
    assert_same_bytes(torch.cat([images for images, _ in batches]).numpy(), expected)
    image, target = dataset[-1]
    assert_same_bytes(image.numpy(), expected[-1])
    assert target == LABELS[-1]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 1])
def test_a_bad_image_is_named(photos: list[str], tmp_path: Path, workers: int) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    dataset = ImageDataset([*photos, bad], None, RECIPE)
    unnamed = ImageDataset([*photos, b"no photo"], None, RECIPE)
    with pytest.raises(DecodeError, match=f"^item {len(photos)}: ") as error:
        unnamed.__getitems__([1, len(photos), 0])
    assert error.value.index == len(photos)
    with pytest.raises(RuntimeError if workers else Exception, match=r"bad\.jpg"):
        batches_of(dataset, num_workers=workers)


@pytest.mark.parametrize("dtype", ["uint8", "float16", "bfloat16"])
def test_other_dtypes_and_no_labels(photos: list[str], dtype: str) -> None:
    recipe = Recipe(resize=40, crop=32, dtype=dtype, layout="nhwc")
    dataset = ImageDataset(photos, None, recipe)
    samples = dataset.__getitems__([5, 2])
    assert samples.images.dtype == getattr(torch, dtype)
    ours = Preprocessor(recipe)([photos[5], photos[2]])
    assert_same_bytes(samples.images.view(torch.uint8).numpy(), ours.view(np.uint8))
    assert [target for _, target in samples] == [5, 2]
    assert collate([(torch.zeros(2), 1)])[1].tolist() == [1]


def test_what_does_not_fit_is_refused(photos: list[str]) -> None:
    with pytest.raises(UsageError, match="11 images do not go with labels of shape"):
        ImageDataset(photos, LABELS[1:], RECIPE)
    with pytest.raises(TypeError, match="labels must be integers"):
        ImageDataset(photos, [0.5] * 11, RECIPE)
    with pytest.raises(UsageError, match="images must be a list"):
        ImageDataset(photos[0], [0], RECIPE)
    with pytest.raises(UsageError, match="on_warning is one of"):
        ImageDataset(photos, LABELS, RECIPE, on_warning="stop")
    dataset = ImageDataset(photos, LABELS, RECIPE)
    for place in (11, -12):
        with pytest.raises(
            IndexError, match=f"^ImageDataset: there is no image {place}, as it has"
        ):
            dataset[place]
    with pytest.raises(IndexError, match="no image 99, as it has 11 images, counted from 0"):
        dataset.__getitems__([0, 99])
    with pytest.raises(TypeError, match=r"^ImageDataset: an image is asked for by its place, not"):
        dataset[:2]  # type: ignore[index]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int64", "uint8"])
def test_topk_gives_tensors(dtype: str) -> None:
    scores = (torch.randn(20, 30, generator=torch.Generator().manual_seed(0)) * 9).abs()
    scores = scores.to(getattr(torch, dtype))
    values, indices = tensor_topk(scores, 5)
    assert values.dtype == scores.dtype
    assert torch.equal(values, torch.topk(scores, 5).values)
    assert indices.tolist() == topk(scores, 5)[1].tolist()
    assert torch.equal(scores.gather(1, indices), values)
    of_first = ranks(scores, indices[:, 0])
    assert (of_first.dtype, of_first.tolist()) == (torch.int64, [0] * 20)
    assert tensor_topk(scores[0], 2)[1].tolist() == indices[0, :2].tolist()
    with pytest.raises(TypeError, match=r"must be a tensor, not list; see regcore\.topk"):
        tensor_topk([[1, 2]], 1)  # type: ignore[arg-type]
