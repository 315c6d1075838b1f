"""A Dataset of torch whose batches are prepared whole, on threads, without the GIL."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset, default_collate, get_worker_info

from regcore.counted import counted
from regcore.errors import DecodeError, UsageError
from regcore.files.arguments import shown
from regcore.host import default_workers
from regcore.images.per_process import PerProcess
from regcore.images.preprocessor import Preprocessor
from regcore.images.sources import Image, unnamed_item
from regcore.images.tensors import as_array
from regcore.recipes.recipe import Recipe
from regcore.scores.labels import label_array

Sample = tuple[torch.Tensor, int]


class Samples(list[Sample]):
    """The samples of a batch, whose images lie side by side in one tensor."""

    def __init__(self, images: torch.Tensor, targets: torch.Tensor) -> None:
        super().__init__(zip(images, targets.tolist(), strict=True))
        self.images = images
        self.targets = targets


class ImageDataset(Dataset[Sample]):
    """Images and their classes, for any DataLoader: `dataset[i]` is (tensor, class).

    A DataLoader asks it for whole batches (`__getitems__`), which threads prepare inside: with
    num_workers=0 no process is needed. With num_workers > 0 each worker has its share of the
    threads and prepares its batches in shared memory; workers may be forked, also when the
    dataset was used before, or spawned. `collate_fn=regcore.torch.collate` passes a batch on as it
    is, where torch's default copies it once more.

    The images are those of regcore.Preprocessor, bit for bit, as tensors of the recipe's dtype and
    shape. Each batch has memory of its own.
    """

    def __init__(
        self,
        images: Sequence[Image],
        labels: Any,  # noqa: ANN401  # whatever has integers
        recipe: Recipe,
        *,
        workers: int | None = None,
        **options: Any,  # noqa: ANN401
    ) -> None:
        """images: paths, bytes, pixels or images of Pillow. labels: a class for each, integers.

        labels: None means the place of each image in the list. workers: threads in one process, by
        default as many as there are processors, shared among the workers of a DataLoader. options:
        those of Preprocessor, such as on_warning.

        Raises UsageError where images and labels do not go together. A bad image is a DecodeError
        when its batch is asked for, in workers as a RuntimeError with the same text.
        """
        self.images = images
        self.targets = targets_of(images, labels)
        self.recipe = recipe
        make = partial(_preprocessor, recipe, workers, options)
        self._preprocessor = PerProcess(make)
        self._preprocessor.get()  # wrong options are told here

    def __repr__(self) -> str:
        count = counted(len(self), "image")
        return f"<ImageDataset: {count} by recipe {self.recipe.identity}>"

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Sample:
        return self.__getitems__([self._place(index)])[0]

    def __getitems__(self, indices: Sequence[int]) -> Samples:
        """The samples of a batch, prepared at once."""
        shape = (len(indices), *self.recipe.image_shape)
        images = torch.empty(shape, dtype=getattr(torch, self.recipe.dtype), device="cpu")
        if get_worker_info() is not None:
            # What goes to the other process is not copied then.
            images.share_memory_()  # type: ignore[no-untyped-call]
        chosen = [self.images[self._place(index)] for index in indices]
        try:
            self._preprocessor.get()(chosen, out=as_array(images))
        except DecodeError as error:
            raise self._named(error, indices) from None
        return Samples(images, torch.from_numpy(self.targets[list(indices)]))

    def _place(self, index: int) -> int:
        try:
            return range(len(self))[index]
        except IndexError:
            count = counted(len(self), "image")
            raise IndexError(
                f"ImageDataset: there is no image {index}, as it has {count}, counted from 0"
            ) from None
        except TypeError:
            raise TypeError(
                f"ImageDataset: an image is asked for by its place, not by {shown(index)}; "
                "__getitems__ takes several places"
            ) from None

    def _named(self, error: DecodeError, indices: Sequence[int]) -> DecodeError:
        """The error of an image of a batch, by its place in the dataset."""
        place = range(len(self))[indices[error.index]]
        unnamed = error.path == unnamed_item(error.index)
        return DecodeError(unnamed_item(place) if unnamed else error.path, error.detail, place)


def _preprocessor(recipe: Recipe, workers: int | None, options: dict[str, Any]) -> Preprocessor:
    """That of this process, which may be one of several workers of a DataLoader."""
    worker = get_worker_info()
    if workers is None and worker is not None:
        workers = max(1, default_workers() // worker.num_workers)
    return Preprocessor(recipe, workers=workers, **options)


def collate(samples: list[Any]) -> Any:  # noqa: ANN401
    """The images and targets of a batch of ImageDataset as they are; of others, torch's default."""
    if isinstance(samples, Samples):
        return samples.images, samples.targets
    return default_collate(samples)


def targets_of(images: Sequence[Image], labels: Any) -> NDArray[np.int64]:  # noqa: ANN401
    """The class of each image, int64 [images]; its place where there are no labels.

    Raises UsageError where there is not one for each, TypeError where they are no integers.
    """
    if not isinstance(images, Sequence) or isinstance(images, (str, bytes)):
        raise UsageError(f"images must be a list of images, not {shown(images)}")
    if labels is None:
        return np.arange(len(images))
    targets = label_array(labels).astype(np.int64)
    if targets.shape != (len(images),):
        do = counted(len(images), "image does", "images do")
        raise UsageError(f"{do} not go with labels of shape {targets.shape}")
    return targets
