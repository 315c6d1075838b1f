"""The packs of a store as arrays that are mapped from their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from regcore.recipes.recipe import Recipe
from regcore.store.values import Values

_CHUNK_BYTES = 1 << 24


class MappedPacks(Sequence[NDArray[Any]]):
    """The images side by side, [images, *recipe.image_shape] for every pack, without padding.

    A pack is looked through when it is first asked for, then mapped, read-only: who cuts its file
    short in the meantime ends the process. Store.batches reads instead. Of a store behind a URL it
    is read into memory of its own, each time.
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
        if not self._values.are_local:
            return self._fetched(number)
        if self._verify:
            self._look_through(number)
        return self.unchecked(number)

    def _fetched(self, number: int) -> NDArray[Any]:
        first, end = self._places(number)
        rows = np.empty((end - first, self._recipe.image_bytes), np.uint8)
        self._values.read_into(first, rows, verify=self._verify)
        rows.flags.writeable = False
        return rows.view(self._recipe.numpy_dtype).reshape(-1, *self._recipe.image_shape)

    def unchecked(self, number: int) -> NDArray[Any]:
        """A pack, mapped without a look at its values. Raises DatasetError if it is not whole."""
        if number not in self._maps:
            first, end = self._places(number)
            values = self._values.mapped(first)
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
