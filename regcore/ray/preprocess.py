"""The class that an engine of tables calls with batches of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DecodeError, UsageError
from regcore.images.batch_stream import OnError
from regcore.images.preprocessor import Preprocessor
from regcore.images.sources import Image, unnamed_item
from regcore.ray.cluster import reserved_cpus
from regcore.ray.columns import IMAGE_COLUMNS, NAME, chosen_column, images_of
from regcore.recipes.recipe import Recipe

Columns = dict[str, NDArray[Any]]

_OUT = "image"
_ERROR = "error"


class Preprocess:
    """Prepares batches of images, for `map_batches` of Ray Data and its like.

    A batch is a dict of columns, each a NumPy array. The result has the same rows in the same
    order, with the columns

        image: [rows, *recipe.image_shape], in the recipe's dtype; zeros where the image failed
        name: that of the image, str; "" where nothing names it
        error: why it failed, str; "" where it did not

    and every other column as it was, such as the label; the column that had the images is left out.
    A bad image is a row, never a hole. The images are those of regcore.Preprocessor, bit for bit.
    """

    def __init__(
        self,
        recipe: Recipe | str,
        *,
        column: str | None = None,
        name: str | None = None,
        dtype: str | None = None,
        layout: str | None = None,
        on_error: OnError = "report",
        workers: int | None = None,
        **options: Any,  # noqa: ANN401
    ) -> None:
        """recipe: a Recipe or its spelling, see Recipe.parse.

        column: where the images are; by default the first of path, bytes and image that there is. A
            cell is a path, bytes, pixels, or Hugging Face's struct of bytes and path. Paths are
            read here, which is cheaper than to have them read and sent by tasks.
        name: the column that names the images, by default `name`, and their paths without one.
        dtype, layout: in place of the recipe's; uint8 leaves mean and std to the device.
        on_error: "report" a bad image in `error`, or "raise" a DecodeError.
        workers: threads, in Ray by default as many as the CPUs that the actor reserved.
        options: others of regcore.Preprocessor, such as on_warning.
        """
        chosen = Recipe.parse(recipe) if isinstance(recipe, str) else recipe
        self.recipe = chosen.in_form(dtype, layout)
        self._column = column
        self._name = name
        self._on_error: OnError = on_error
        self._preprocessor = Preprocessor(
            self.recipe, workers=workers or reserved_cpus(), **options
        )

    def __repr__(self) -> str:
        return f"<Preprocess: batches of tables by {self._preprocessor!r}>"

    @property
    def workers(self) -> int:
        """Its threads."""
        return self._preprocessor.workers

    def __call__(self, batch: Mapping[str, Any]) -> Columns:
        """The batch with its images prepared; see the class. Its columns may be lists, too.

        Raises UsageError where a column is not there, and, with on_error="raise", DecodeError.
        """
        column = chosen_column(list(batch), self._column)
        if column is None:
            wanted = self._column or ", ".join(IMAGE_COLUMNS)
            raise UsageError(f"no column of images ({wanted}) among {', '.join(batch)}")
        images, names = images_of(batch[column])
        given = self._name or NAME
        if given in batch:
            names = [str(name) for name in batch[given]]
        elif self._name is not None:
            raise UsageError(f"no column {self._name} among {', '.join(batch)}")
        prepared, errors = self._prepared(images, names)
        kept = {key: values for key, values in batch.items() if key not in {column, given}}
        reasons = [errors.get(index, "") for index in range(len(images))]
        return {
            **kept,
            _OUT: prepared,
            NAME: np.array(names, object),
            _ERROR: np.array(reasons, object),
        }

    def _prepared(
        self, images: list[Image], names: list[str]
    ) -> tuple[NDArray[Any], dict[int, str]]:
        """All images at once, and why some failed, by their places."""
        shape = (len(images), *self.recipe.image_shape)
        if not images:
            return np.empty(shape, self.recipe.numpy_dtype), {}
        # One batch fills the first buffer; the memory of the second is never touched.
        buffers = [np.empty(shape, self.recipe.numpy_dtype) for _ in range(2)]
        stream = self._preprocessor.stream(
            images, len(images), buffers=buffers, on_error=self._on_error
        )
        with stream:
            try:
                part = next(stream)
            except DecodeError as error:
                raise _named(error, names[error.index]) from None
        if not part.errors:
            return part.images, {}
        prepared = np.zeros(shape, self.recipe.numpy_dtype)
        prepared[part.indices] = part.images
        return prepared, {error.index: error.detail for error in part.errors}


def _named(error: DecodeError, name: str) -> DecodeError:
    """The error of an image of a batch, by what its table calls it."""
    unnamed = error.path == unnamed_item(error.index)
    return DecodeError(name if unnamed and name else error.path, error.detail, error.index)
