"""The loader against the preprocessor: batches, lifetimes, devices."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from oracles import assert_same_bytes, jpeg, photo_like

from regcore import BackendError, Batch, BatchStream, DecodeError, Preprocessor, Recipe, UsageError

torch = pytest.importorskip("torch", reason="needs torch")

from regcore.torch import ImageDataset, ImageLoader  # noqa: E402

RECIPE = Recipe(resize=40, crop=32)
PHOTOS = [jpeg(photo_like(50 + i, 60 - i, i)) for i in range(23)]
LABELS = np.arange(23) * 7 % 10


@pytest.fixture(scope="module")
def expected() -> Any:
    return Preprocessor(RECIPE)(PHOTOS)


def test_batches_in_order_again_and_again(expected: Any) -> None:
    loader = ImageLoader(PHOTOS, LABELS, RECIPE, 4, workers=3)
    assert len(loader) == 6
    for _ in range(2):
        batches = list(loader)  # held all at once: each has memory of its own
        assert [len(targets) for _, targets in batches] == [4, 4, 4, 4, 4, 3]
        assert_same_bytes(torch.cat([images for images, _ in batches]).numpy(), expected)
        assert torch.cat([targets for _, targets in batches]).tolist() == LABELS.tolist()


def test_what_the_repr_says() -> None:
    loader = ImageLoader(PHOTOS, LABELS, RECIPE, 4)
    by = f"by recipe {RECIPE.identity}"
    assert repr(loader) == f"<ImageLoader: 23 images in batches of 4 on cpu {by}>"
    assert repr(ImageDataset(PHOTOS[:1], [0], RECIPE)) == f"<ImageDataset: 1 image {by}>"


def test_memory_is_for_no_more_images_than_there_are(expected: Any) -> None:
    ((images, targets),) = ImageLoader(PHOTOS, LABELS, RECIPE, 1 << 20, keep=1)
    assert_same_bytes(images.numpy(), expected)
    assert images.untyped_storage().nbytes() == expected.nbytes
    assert targets.tolist() == LABELS.tolist()


@pytest.mark.parametrize("keep", [1, 3])
def test_kept_batches_are_parts_of_the_ring(expected: Any, keep: int) -> None:
    held: list[Any] = []
    addresses = set()
    for number, (images, _) in enumerate(ImageLoader(PHOTOS * 20, None, RECIPE, 2, keep=keep)):
        held = [*held, (number, images)][-keep:]
        addresses.add(images.data_ptr())
        for place, kept in held:
            rows = np.arange(2 * place, 2 * place + 2) % 23
            assert_same_bytes(kept.numpy(), expected[rows])
    buffers = Preprocessor(RECIPE).buffers_needed(2, keep)
    assert len(addresses) <= buffers < 230


def test_bad_images_are_raised_or_reported(expected: Any) -> None:
    photos = [PHOTOS[0], b"no photo", *PHOTOS[1:4], b"", b""]
    with pytest.raises(DecodeError, match="item 1"):
        list(ImageLoader(photos, None, RECIPE, 2))
    loader = ImageLoader(photos, None, RECIPE, 2, on_error="report")
    for _ in range(2):
        batches = list(loader)
        assert [targets.tolist() for _, targets in batches] == [[0], [2, 3], [4]]
        assert_same_bytes(torch.cat([images for images, _ in batches]).numpy(), expected[:4])
        assert [error.index for error in loader.errors] == [1, 5, 6]


def test_a_loop_that_is_left_early_ends_its_threads(expected: Any) -> None:
    loader = ImageLoader(PHOTOS * 50, None, RECIPE, 2)
    for images, _ in loader:
        assert_same_bytes(images.numpy(), expected[:2])
        break
    first, second = (next(iter(loader)) for _ in range(2))
    assert torch.equal(first[0], second[0])


def test_what_does_not_fit_is_refused() -> None:
    for options, words in (
        ({"batch_size": 0}, "batch_size must be 1 to"),
        ({"keep": 0}, "keep must be 1 to"),
        ({"keep": 1, "device": "meta"}, "keep is for batches in main memory"),
        ({"on_error": "skip"}, "on_error is one of"),
        ({"pin_memory": 1}, "pin_memory must be True or False"),
    ):
        with pytest.raises(UsageError, match=words):
            list(ImageLoader(PHOTOS, LABELS, RECIPE, **options))  # type: ignore[arg-type]
    with pytest.raises(BackendError, match=r"torch has no device 'gpu': [^\n]+$"):
        ImageLoader(PHOTOS, LABELS, RECIPE, device="gpu")


def test_another_default_device_does_not_matter(expected: Any) -> None:
    torch.set_default_device("meta")
    try:
        (first, _), *_ = ImageLoader(PHOTOS, LABELS, RECIPE, 4)
        second, _ = ImageDataset(PHOTOS, LABELS, RECIPE)[4]
    finally:
        torch.set_default_device(None)
    assert_same_bytes(first.numpy(), expected[:4])
    assert_same_bytes(second.numpy(), expected[4])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_cuda_device() -> None:
    with pytest.raises(BackendError, match=r"torch has no device 'cuda': [^\n]+$"):
        ImageLoader(PHOTOS, LABELS, RECIPE, device="cuda")
    with pytest.raises(BackendError, match="page-locked memory needs a CUDA device"):
        ImageLoader(PHOTOS, LABELS, RECIPE, pin_memory=True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_on_a_cuda_device(expected: Any, ahead: int) -> None:
    photos = PHOTOS * 40
    loader = ImageLoader(photos, LABELS.tolist() * 40, RECIPE, 8, device="cuda", ahead=ahead)
    for _ in range(2):
        held = []
        for images, targets in loader:
            assert images.is_cuda
            assert targets.is_cuda
            held.append((images * 1, targets))
            torch.cuda._sleep(1_000_000)  # noqa: SLF001  # the device falls behind
        found = torch.cat([images for images, _ in held]).cpu().numpy()
        assert_same_bytes(found, np.tile(expected, (40, 1, 1, 1)))
        assert torch.cat([targets for _, targets in held]).tolist() == LABELS.tolist() * 40


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_page_locked_batches_and_bad_images(expected: Any) -> None:
    for images, _ in ImageLoader(PHOTOS, LABELS, RECIPE, 5, pin_memory=True):
        assert images.is_pinned()
    photos = [PHOTOS[0], b"no photo", *PHOTOS[1:4]]
    loader = ImageLoader(photos, None, RECIPE, 2, device="cuda", on_error="report")
    found = [images.cpu() for images, _ in loader]
    assert_same_bytes(torch.cat(found).numpy(), expected[:4])
    assert [error.index for error in loader.errors] == [1]


class Side:
    """A stream of a device that copies a batch no earlier than its copy is waited for."""

    def __init__(self) -> None:
        self.batches = 0  # that were prepared
        self.uncopied: set[int] = set()

    def record_event(self) -> Copied:
        self.uncopied.add(self.batches - 1)
        return Copied(self, self.batches - 1)

    def wait_event(self, *_: object) -> None:
        pass

    synchronize = wait_event


class Copied:
    """The end of the copy of a batch."""

    def __init__(self, side: Side, batch: int) -> None:
        self.side, self.batch = side, batch

    def synchronize(self) -> None:
        self.side.uncopied.discard(self.batch)


@pytest.mark.parametrize("ahead", [1, 2, 3])
def test_memory_of_a_batch_is_kept_until_it_is_copied(
    expected: Any, ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where batches without a good image lie between."""
    side, original = Side(), BatchStream.__next__
    too_early = []

    def asked(stream: BatchStream) -> Batch:
        too_early.extend(batch for batch in side.uncopied if batch <= side.batches - ahead)
        batch = original(stream)
        side.batches += 1
        return batch

    monkeypatch.setattr(BatchStream, "__next__", asked)
    monkeypatch.setattr(torch.cuda, "Stream", lambda _: side)
    monkeypatch.setattr(torch.cuda, "stream", nullcontext)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: side)
    monkeypatch.setattr(torch.Tensor, "pin_memory", torch.Tensor.clone)
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda *_: None)
    photos = [photo if i in {0, 1, 2, 3, 8, 14, 15} else b"" for i, photo in enumerate(PHOTOS)]
    loader = ImageLoader(photos, None, RECIPE, 2, ahead=ahead, on_error="report")
    batches = list(loader._on_cuda(torch.device("cpu")))  # noqa: SLF001
    targets = torch.cat([targets for _, targets in batches])
    assert targets.tolist() == [0, 1, 2, 3, 8, 14, 15]
    assert_same_bytes(torch.cat([images for images, _ in batches]).numpy(), expected[targets])
    assert not too_early
