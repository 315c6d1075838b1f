"""The packs of a store as arrays that are mapped from their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.recipes.recipe import Recipe
from regcore.store.values import Values

_CHUNK_BYTES = 1 << 24


class MappedPacks(Sequence[NDArray[Any]]):
    """The images side by side, [images, *recipe.image_shape] for every pack, without padding.

    A pack is looked through when it is first asked for, then mapped, read-only: who cuts its file
    short in the meantime ends the process. Store.batches reads instead.
    """

    def __init__(self, values: Values, recipe: Recipe, count: int, *, verify: bool) -> None:
        self._values = values
        self._recipe = recipe
        self._count = count
        self._verify = verify
        self._maps: dict[int, NDArray[Any]] = {}

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, key: int) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[NDArray[Any], ...]: ...
    def __getitem__(self, key: int | slice) -> NDArray[Any] | tuple[NDArray[Any], ...]:
        if isinstance(key, slice):
            return tuple(self[number] for number in range(self._count)[key])
        number = range(self._count)[key]
        if self._verify:
            self._look_through(number)
        return self.unchecked(number)

    def unchecked(self, number: int) -> NDArray[Any]:
        """A pack, mapped without a look at its values. Raises DatasetError if it is not whole."""
        if number not in self._maps:
            first, end = self._places(number)
            path = self._values.path(first)
            values = _mapped(path, self._values.file_bytes(first))
            shaped = values.view(self._recipe.numpy_dtype).reshape(-1, *self._recipe.image_shape)
            self._maps[number] = shaped[: end - first]
        return self._maps[number]

    def _places(self, number: int) -> tuple[int, int]:
        first, end = self._values.pack_starts[number : number + 2].tolist()
        return first, end

    def _look_through(self, number: int) -> None:
        first, end = self._places(number)
        if self._values.is_checked(first, end):
            return
        image_bytes = self._recipe.image_bytes
        rows = np.empty((max(1, _CHUNK_BYTES // image_bytes), image_bytes), np.uint8)
        for at in range(first, end, len(rows)):
            self._values.read_into(at, rows[: end - at])


def _mapped(path: Path, size: int) -> NDArray[np.uint8]:
    try:
        if path.stat().st_size == size:
            return np.memmap(path, np.uint8, "r")
    except OSError:
        pass
    raise DatasetError(f"{path}: missing or of another size; 'regcore preprocess' mends it")
