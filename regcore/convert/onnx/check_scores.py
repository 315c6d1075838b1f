"""Whether an exported model still gives the scores of the PyTorch model it was made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend
from regcore.errors import BackendError, MismatchError
from regcore.frameworks import import_torch
from regcore.images.listing import list_images
from regcore.images.preprocessor import Preprocessor
from regcore.images.sample_photos import sample_photos
from regcore.images.sources import Image
from regcore.recipes.recipe import Recipe
from regcore.schemas.fields import Amount, Count, Positive, described
from regcore.scores.topk import top1

if TYPE_CHECKING:
    from torch import nn

#: Largest allowed difference of two scores, as a part of the largest score.
FLOAT32_TOLERANCE = 1e-3
FLOAT16_TOLERANCE = 5e-2

_MOST_IMAGES = 64
_RANDOM_IMAGES = 16
_BATCH = 16


@dataclass(frozen=True)
class Images:
    """Images to compare on, and what they are, for people."""

    items: Sequence[Image]
    what: str


@dataclass(frozen=True)
class ExportCheck:
    """How far the scores of two models are apart."""

    images: Annotated[Positive, described("Compared.")]
    what: Annotated[str, described("What they are.")]
    same_top1: Annotated[Count, described("Of them, with the same best class.")]
    largest_difference: Annotated[Amount, described("Of two scores.")]
    largest_score: Annotated[Amount, described("The largest absolute score of the original.")]
    nan_images: Annotated[Count, described("Of them, with NaN among the new model's scores.")]
    original_nan_images: Annotated[Count, described("The same of the original's scores.")]

    def check(self, tolerance: float) -> None:
        """Raises MismatchError where the difference is beyond tolerance x largest score."""
        allowed = tolerance * self.largest_score
        # Not the other way round: NaN is beyond every tolerance.
        if not self.largest_difference <= allowed:
            raise MismatchError(
                f"the exported model differs from torch by {self.largest_difference:.3g} on "
                f"{self.images} {self.what}, more than {allowed:.3g}; nothing was written"
            )


def images_to_compare(folder: Path | None, recipe: Recipe) -> Images:
    """Up to 64 images of `folder`, else the photos inside foolbox, else random ones (seed 0)."""
    if folder is not None:
        paths = list_images(folder)
        picked = paths[:: -(-len(paths) // _MOST_IMAGES)]
        return Images(picked, f"photos of {folder}")
    try:
        return Images(sample_photos()[0], "ImageNet photos")
    except BackendError:
        shape = (_RANDOM_IMAGES, *(max(recipe.size),) * 2, 3)
        pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        return Images(list(pixels), "random images")


def compare(onnx_file: Path, model: nn.Module, recipe: Recipe, images: Images) -> ExportCheck:
    """Both models on the same images.

    recipe: in the dtype and layout of the ONNX model's input; torch gets it as float32 NCHW.
    """
    theirs = _torch_scores(model, Preprocessor(as_float32(recipe))(images.items))
    with OnnxRuntimeBackend(onnx_file) as backend:
        ours = _in_batches(backend.run, Preprocessor(recipe)(images.items))
    return ExportCheck(
        images=len(theirs),
        what=images.what,
        largest_difference=float(np.abs(ours - theirs).max()),
        largest_score=float(np.abs(theirs).max()),
        same_top1=same_best(ours, theirs),
        nan_images=nan_rows(ours),
        original_nan_images=nan_rows(theirs),
    )


def same_best(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> int:
    """How many images have the same best class; NaN ranks last, as everywhere."""
    return int((top1(ours) == top1(theirs)).sum())


def nan_rows(scores: NDArray[Any]) -> int:
    """How many images have NaN among their scores."""
    return int(np.isnan(scores).any(axis=1).sum())


def as_float32(recipe: Recipe) -> Recipe:
    """The same images as torch takes them."""
    return recipe.in_form("float32", "nchw")


def _torch_scores(model: nn.Module, batch: NDArray[np.float32]) -> NDArray[np.float32]:
    torch = import_torch()

    def run(part: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            scores = model(torch.from_numpy(part))
        if not isinstance(scores, torch.Tensor) or scores.ndim != 2:  # noqa: PLR2004
            raise BackendError(
                f"the model returns {_described(scores)}, not a tensor of scores [images, classes]"
            )
        result: NDArray[np.float32] = scores.numpy()
        return result

    return _in_batches(run, batch)


def _described(scores: object) -> str:
    shape = getattr(scores, "shape", None)
    return f"a {type(scores).__name__}" + (f" of shape {list(shape)}" if shape is not None else "")


def _in_batches(
    run: Callable[[NDArray[Any]], NDArray[np.float32]], batch: NDArray[Any]
) -> NDArray[np.float32]:
    return np.concatenate([run(batch[at : at + _BATCH]) for at in range(0, len(batch), _BATCH)])
